# SPDX-License-Identifier: Apache-2.0
"""churn.py SOCKET COUNT SECONDS FILE...: adds and deletes the policies in FILEs again and again, through the agent's API.

Each FILE is one policy, named as its file without the ending. A cycle adds all of them, then deletes them in the same
order. After the first one the file "begun" is there. The last one is that after COUNT cycles or SECONDS, or when the
file "stop" is there; then cycles=N is printed.
"""
from __future__ import annotations

import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
os.environ["TETRAD_PROTO"] = str(ROOT / "proto")
sys.path.insert(0, str(ROOT / "tests" / "service"))

from serve_fixture import Client, sensors  # noqa: E402  (needs the two lines above)


def cycle(client: Client, policies: dict[str, str]) -> None:
    for text in policies.values():
        request = sensors.AddTracingPolicyRequest(yaml=text)
        client.call("AddTracingPolicy", request, sensors.AddTracingPolicyResponse)
    for name in policies:
        request = sensors.DeleteTracingPolicyRequest(name=name)
        client.call("DeleteTracingPolicy", request, sensors.DeleteTracingPolicyResponse)


def main() -> int:
    server, count, seconds, files = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]
    policies = {Path(file).stem: Path(file).read_text() for file in files}
    end = time.monotonic() + seconds
    cycles = 0
    with Client(server) as client:
        while cycles < count and time.monotonic() < end and not os.path.exists("stop"):
            cycle(client, policies)
            cycles += 1
            Path("begun").touch()
    print(f"cycles={cycles}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
