"""`make bench`: every row that issue 6 asks for, each beside its limit, in one table.

    bench.py [--quick] [GROUP[,GROUP…]]

Nothing fails on a timing: the status is 1 where something could not be measured, or a call was lost, and 0 otherwise.
"""
import importlib
import os
import platform
import subprocess
import sys
import time
import traceback

from common import ROOT, Bench, Lost

# Those that share the Redis with a million jobs stand together.
GROUPS = ["cron", "signature", "calls", "herd", "tls", "hosts", "post", "reads", "memory", "idle", "lateness", "growth", "startup"]
ON_DEMAND = ["instructions"]
HEAD = ("topic", "what", "measured", "beside it", "ratio", "reach", "met")


def chosen(text):
    names = [name for name in text.replace(",", " ").split() if name]
    unknown = sorted(set(names) - set(GROUPS + ON_DEMAND))
    if unknown:
        sys.exit(f"bench: no such rows: {', '.join(unknown)}; there are: {', '.join(GROUPS + ON_DEMAND)}")
    return [name for name in GROUPS + ON_DEMAND if name in names] or GROUPS


def first_line(*argv):
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except OSError:
        return f"{argv[0]}: none"
    return ((done.stdout + done.stderr).strip().splitlines() or ["?"])[0]


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())


def describe():
    """What the figures were taken on, and with."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    commit = first_line("git", "-C", str(ROOT), "log", "-1", "--format=%h %cd", "--date=short")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield f"Dronc {commit}; {os.cpu_count()} × {cpu_model()}, {memory:.0f} GiB, Linux {platform.release()}"
    yield "; ".join([first_line("redis-server", "--version").split(" sha")[0], first_line("nginx", "-v"),
                     first_line("curl", "--version").split(" (")[0], first_line("wrk", "-v").split(" Copyright")[0]])
    yield "as shipped: redis/redis.conf, FCGI_PROCESSES 8, RUNNER_MAX_IN_FLIGHT 1000, RUNNER_MAX_PER_HOST 64, LOG_LEVEL info (to a file)"
    yield f"load before: {' '.join(f'{x:.2f}' for x in os.getloadavg())} (of other processes: the less the better)"


def print_table(rows):
    widths = [max(len(row[i]) for row in [HEAD, *rows]) for i in range(len(HEAD))]
    for row in [HEAD, ["-" * w for w in widths], *rows]:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")


def run_group(bench, name):
    began = time.monotonic()
    print(f"{name} …", file=sys.stderr, flush=True)
    try:
        importlib.import_module(f"row_{name}").run(bench)
    except Lost as lost:
        bench.problems.append(f"{name}: {lost}")
    except Exception as error:  # pylint: disable=broad-except  # the other groups can still be measured
        traceback.print_exc()
        bench.problems.append(f"{name}: not measured: {type(error).__name__}: {error}")
    bench.end_group()
    print(f"  {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def main():
    args = sys.argv[1:]
    bench = Bench(quick="--quick" in args)
    groups = chosen(" ".join(arg for arg in args if arg != "--quick"))
    began, about = time.monotonic(), list(describe())
    try:
        for name in groups:
            run_group(bench, name)
    finally:
        bench.close()
    print("\n".join(about))
    print(f"took {time.monotonic() - began:.0f} s" + (", the short version: fewer rounds, fewer jobs" if bench.quick else "") + "\n")
    print_table(bench.rows)
    reached = [row[-1] for row in bench.rows if row[-1]]
    print(f"\n{reached.count('yes')} of {len(reached)} reaches met")
    for problem in bench.problems:
        print(f"FAILED: {problem}")
    return 1 if bench.problems else 0


sys.exit(main())
