#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""damage ELF OUT TETRA: generates policies from damaged copies of an ELF file: cut, and with bytes changed at random."""
import random
import subprocess
import sys

ROUNDS = 60
SEED = 4


def main():
    whole = open(sys.argv[1], "rb").read()
    chance = random.Random(SEED)
    failed = 0
    for number in range(ROUNDS):
        damaged = bytearray(whole)
        if number % 2:
            del damaged[chance.randrange(len(damaged)) :]
        # headers of the file and of its sections stand at both ends: most damage goes there
        for _ in range(chance.randrange(1, 12)):
            if damaged:
                at = chance.choice([chance.randrange(min(64, len(damaged))), chance.randrange(len(damaged)), -1 - chance.randrange(min(1500, len(damaged)))])
                damaged[at] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        with open(sys.argv[2], "wb") as file:
            file.write(damaged)
        for kind in ("uprobes", "usdts"):
            done = subprocess.run([sys.argv[3], "tracingpolicy", "generate", kind, "-b", sys.argv[2]], capture_output=True, timeout=20)
            if done.returncode not in (0, 1) or (done.returncode == 1 and not done.stderr):
                print("round %d, %s: status %d, %r" % (number, kind, done.returncode, done.stderr[-400:]))
                failed = 1
            if done.returncode == 0:
                check = subprocess.run([sys.argv[3], "policy", "check", "-"], input=done.stdout, capture_output=True, timeout=20)
                if check.returncode != 0:
                    print("round %d, %s: the policy is wrong: %r" % (number, kind, check.stderr[:400]))
                    failed = 1
    sys.exit(failed)


main()
