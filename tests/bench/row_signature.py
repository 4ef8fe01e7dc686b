"""What a signature costs a call: bench_signature, which signs 256 bytes."""
import subprocess

from common import TOOLS, environment

MOST_NS = 2000  # of v1


def run(bench):
    calls = bench.pick(1_000_000, 100_000)
    done = subprocess.run([TOOLS / "bench_signature", str(calls)], env=environment(), capture_output=True, text=True, check=True)
    took = dict(line.split() for line in done.stdout.splitlines())
    v1 = float(took["v1"])
    bench.row("signature", "v1, a call", f"{v1:.0f} ns", f"bar {MOST_NS} ns", f"{v1 / MOST_NS:.2f}", "≤ 1", v1 <= MOST_NS)
    bench.row("signature", "v1a, a call", f"{float(took['v1a']):.0f} ns")
