"""How one would count gaps in an evening: every line of the day in memory, parsed; then one set for each token."""

import glob
import gzip
import json
import re
import sys
import time

started = time.monotonic()
lines = []
for path in sorted(glob.glob(sys.argv[1] + "/archive/venue=polymarket/stream=books/date=2026-11-22/hour=*/*.jsonl.gz")):
    with gzip.open(path) as file:
        lines += [json.loads(line) for line in file]

tokens = {token["token"] for line in lines if line["kind"] == "watch" for token in line["tokens"]}
slots = {line["scheduled"] for line in lines if line["kind"] == "poll"}
there = {token: set(slots) for token in tokens}
for line in lines:
    if line["kind"] == "poll":
        for missing in line["missing"]:
            there[missing["token"]].discard(line["scheduled"])

kept = sum(len(own) for own in there.values())
expected = len(slots) * len(tokens)
status = open("/proc/self/status").read()
print(
    json.dumps(
        {
            "wallMs": (time.monotonic() - started) * 1000,
            "cpuMs": time.process_time() * 1000,
            "peakMiB": int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024,
            "result": {"expected": expected, "missing": expected - kept},
        }
    )
)
