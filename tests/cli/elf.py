# SPDX-License-Identifier: Apache-2.0
"""Small ELF files, right or wrong in one place. In: symbols, probes, what is to be wrong. Out: bytes. Numbers are those of elf(5)."""
import struct

SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_NOTE, SHT_DYNSYM = 1, 2, 3, 7, 11
STT_OBJECT, STT_FUNC = 1, 2
UNDEFINED, TEXT = 0, 1  # indices of sections


class Elf:
    def __init__(self, bits=64, order="<"):
        self.bits, self.order = bits, order
        self.sections = []  # [type, link, entry size, data, {what the header says otherwise}]
        self.add(0, b"")
        self.add(SHT_PROGBITS, b"\xc3" * 16)

    def pack(self, letters, *values):
        """P: an address, of 4 or 8 bytes."""
        return struct.pack(self.order + letters.replace("P", "Q" if self.bits == 64 else "I"), *values)

    def add(self, kind, data, link=0, entry=0, **wrong):
        self.sections.append((kind, link, entry, data, wrong))
        return len(self.sections) - 1

    def symbol(self, name_at, kind=STT_FUNC, section=TEXT):
        if self.bits == 64:
            return self.pack("IBBHQQ", name_at, kind, 0, section, 0x1000, 4)
        return self.pack("IIIBBH", name_at, 0x1000, 4, kind, 0, section)

    def symbol_bytes(self):
        return 24 if self.bits == 64 else 16

    def add_symbols(self, names, kind=SHT_SYMTAB, ended=True, **wrong):
        """NAMES: bytes, or (bytes, type, section)."""
        strings, table = bytearray(1), bytearray(self.symbol_bytes())
        for name in names:
            name, what, section = name if isinstance(name, tuple) else (name, STT_FUNC, TEXT)
            table += self.symbol(len(strings), what, section)
            strings += name + b"\0"
        at = self.add(SHT_STRTAB, bytes(strings if ended else strings[:-1]))
        return self.add(kind, bytes(table), wrong.pop("link", at), wrong.pop("entry", self.symbol_bytes()), **wrong)

    def note(self, description, name=b"stapsdt\0", kind=3, **wrong):
        padded = [part + bytes(-len(part) % 4) for part in (name, description)]
        return self.pack("III", wrong.get("name_bytes", len(name)), wrong.get("bytes", len(description)), kind) + b"".join(padded)

    def probe(self, provider, name, arguments=b""):
        return self.note(self.pack("PPP", 0x1000, 0, 0) + provider + b"\0" + name + b"\0" + arguments + b"\0")

    def add_notes(self, *notes, **wrong):
        return self.add(SHT_NOTE, b"".join(notes), **wrong)

    def bytes(self, **wrong):
        """WRONG: fields of the file's header that say something else."""
        wide = self.bits == 64
        head_bytes, section_bytes = (64, 64) if wide else (52, 40)
        body, headers = bytearray(), bytearray()
        for kind, link, entry, data, other in self.sections:
            at = head_bytes + len(body)
            body += data + bytes(-len(data) % 8)
            fields = {"name": 0, "type": kind, "flags": 0, "addr": 0, "offset": at, "size": len(data), "link": link,
                      "info": 0, "align": 4 if kind == SHT_NOTE else 8, "entry": entry, **other}
            headers += self.pack("IIPPPPIIPP", *fields.values())
        fields = {"type": 3, "machine": 62 if wide else 3, "version": 1, "entry": 0, "phoff": 0, "shoff": head_bytes + len(body),
                  "flags": 0, "ehsize": head_bytes, "phentsize": 0, "phnum": 0, "shentsize": section_bytes,
                  "shnum": len(self.sections), "shstrndx": 0, **wrong}
        magic = b"\x7fELF" + bytes([2 if wide else 1, 1 if self.order == "<" else 2, 1]) + bytes(9)
        return magic + self.pack("HHIPPPIHHHHHH", *fields.values()) + bytes(body + headers)
