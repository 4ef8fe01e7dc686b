"""The cron engine: bench_cron (C) with its own bars, and python3-croniter for scale. Their tables are printed as they are."""
import re
import subprocess
import sys

from common import HERE, TOOLS, environment


def run(bench):
    done = subprocess.run([TOOLS / "bench_cron"], env=environment(), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):  # 1: a bar was missed, which fails nothing here
        raise RuntimeError(f"bench_cron: {done.stderr}")
    print(done.stdout, flush=True)
    if not bench.quick:
        subprocess.run([sys.executable, HERE / "bench_croniter.py"], check=True)
        print(flush=True)
    rows = re.findall(r"^(.{16}) +([\d.]+) +([\d.]+) +(\d+) +([\d.]+) ", done.stdout, re.M)
    nexts = [(float(zone) / float(bar), float(zone), float(bar), name.strip()) for name, _, zone, bar, _ in rows]
    parses = [(float(parse) / (3000 if name.startswith("0 0 0 30 2") else 1000), float(parse), name.strip())
              for name, _, _, _, parse in rows]
    worst, slowest = max(nexts), max(parses)
    bench.row("cron", f"next(), America/New_York, nearest to its bar: {worst[3]}", f"{worst[1]:.0f} ns", f"bar {worst[2]:.0f} ns",
              f"{worst[0]:.2f}", "≤ 1", worst[0] <= 1)
    bench.row("cron", f"parse, nearest to its bar: {slowest[2]}", f"{slowest[1]:.0f} ns", f"bar {slowest[1] / slowest[0]:.0f} ns",
              f"{slowest[0]:.2f}", "≤ 1", slowest[0] <= 1)
