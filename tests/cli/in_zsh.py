#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""in_zsh FOLDER TYPED WANTED [TYPED WANTED]...: types into a real zsh on a terminal, then a tab. FOLDER has _tetra.

What the line has become is asked of zsh itself: a key prints the buffer between marks.
"""
import os
import pty
import re
import select
import sys
import time

DEADLINE_S = 20


class Zsh:
    def __init__(self, folder):
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.environ.update(TERM="dumb", PS1="", PROMPT="")
            os.execvp("zsh", ["zsh", "-f", "-i"])
        self.seen = b""
        self.send(
            "unsetopt zle_bracketed_paste prompt_cr prompt_sp; PROMPT='> '; fpath=(%s $fpath); "
            "autoload -Uz compinit; compinit -D -u; "
            "tell() { print -r -- \"[[$BUFFER]]\" >&2; zle kill-whole-line }; zle -N tell; bindkey '^X' tell; "
            "bindkey '^I' complete-word; print re''ady\n" % folder
        )
        self.wait(rb"ready\r?\n")

    def send(self, text):
        os.write(self.terminal, text.encode())

    def wait(self, pattern):
        end = time.monotonic() + DEADLINE_S
        while True:
            match = re.search(pattern, self.seen)
            if match:
                self.seen = self.seen[match.end() :]
                return match
            readable, _, _ = select.select([self.terminal], [], [], max(0, end - time.monotonic()))
            if not readable:
                sys.exit("zsh does not say %r; it said %r" % (pattern, self.seen))
            self.seen += os.read(self.terminal, 4096)

    def complete(self, typed):
        self.send(typed + "\t\x18")
        return self.wait(rb"\[\[(.*?)\]\]").group(1).decode()


def main():
    shell = Zsh(sys.argv[1])
    failed = 0
    for typed, wanted in zip(sys.argv[2::2], sys.argv[3::2]):
        got = shell.complete(typed)
        if got != wanted:
            print("%r became %r, want %r" % (typed, got, wanted))
            failed = 1
    sys.exit(failed)


main()
