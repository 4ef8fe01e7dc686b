"""`make idle`: does a call get lost because its connection was about to be closed?

    idle.py [--calls 600] [--idle 1,2,5,60] [--trip 0,40,200] [--tells]

Jobs whose period is a target's idle time-out, for each pair of a time-out and a round trip: so each call comes when the target closes the
connections of the calls before. Prints a row for each pair. The status is 1 where a call was lost, or made twice. Takes as long as the
calls of the longest time-out: four minutes.
"""
import argparse
import contextlib
import json
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))

import harness  # noqa: E402
from idle import IdleTarget, Loop, Way  # noqa: E402

ROUNDS = {1: 20, 2: 15, 5: 10}  # instants for each job; of longer time-outs three
GUARANTEES = ("ATMOST_ONCE", "ATLEAST_ONCE")


def numbers(text):
    return [int(number) for number in text.split(",")]


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--calls", type=int, default=600, help="of each guarantee, for each pair")
    parser.add_argument("--idle", type=numbers, default=[1, 2, 5, 60], help="time-outs, in seconds")
    parser.add_argument("--trip", type=numbers, default=[0, 40, 200], help="round trips, in milliseconds")
    parser.add_argument("--tells", action="store_true", help="the targets tell their time-outs (Keep-Alive)")
    return parser.parse_args()


class Pair:
    """A target behind its way, and the jobs that call it."""

    def __init__(self, loop, idle_s, trip_ms, calls, tells):
        self.idle_s, self.trip_ms = idle_s, trip_ms
        self.rounds = ROUNDS.get(idle_s, 3)
        self.jobs = -(-calls // self.rounds)
        self.target = IdleTarget(loop, idle_s, tells)
        self.url = f"http://127.0.0.1:{Way(loop, self.target.port, trip_ms / 1000).port}/"

    def plant(self, handler):
        schedule = f"*/{self.idle_s} * * * * *" if self.idle_s < 60 else "0 * * * * *"
        for kind in GUARANTEES:
            for number in range(self.jobs):
                body = {"schedule": schedule, "api": f"{self.url}{kind}/{number}", "type": kind, "max_runs": self.rounds}
                assert handler.post(body).status == 201

    def is_over(self, ended):
        return len(ended) >= len(GUARANTEES) * self.jobs * self.rounds

    def row(self, ended):
        lost = sum(1 for entry in ended if entry["event"] == "call failed")
        twice = sum(1 for count in self.target.keys.values() if count > 1)
        print(f"{self.idle_s:4} s {self.trip_ms:5} ms {len(ended):7} {lost:6} {twice:6} {self.target.connections:12}", flush=True)
        return lost + twice


class EndedCalls:
    """The runner's lines about calls, by pair. Each line is read once: to read all of them each time would slow the runner down."""

    def __init__(self, runner, pairs):
        self.file = open(runner.home / f"{runner.name}.out", encoding="utf-8")  # pylint: disable=consider-using-with
        self.pairs, self.rest = pairs, ""
        self.of = {pair.url: [] for pair in pairs}

    def read(self):
        *lines, self.rest = (self.rest + self.file.read()).split("\n")
        for entry in (json.loads(line) for line in lines if line.startswith("{")):
            if entry["event"] in ("call succeeded", "call failed"):
                self.of[re.match(r"http://[^/]+/", entry["api"])[0]].append(entry)

    def unfinished(self):
        """The pairs that have calls to come."""
        self.read()
        return [pair for pair in self.pairs if not pair.is_over(self.of[pair.url])]


def main():
    arguments = read_arguments()
    home = pathlib.Path(tempfile.mkdtemp(prefix="dronc-idle-"))
    loop = Loop()
    redis = harness.Redis(home).start()
    handler = harness.Handler(home, redis)
    runner = harness.Runner(home, redis, LOG_LEVEL="info", RUNNER_MAX_PER_HOST=256).wait_until_ready()
    pairs = [Pair(loop, idle, trip, arguments.calls, arguments.tells) for idle in arguments.idle for trip in arguments.trip]
    for pair in pairs:
        pair.plant(handler)
    ended = EndedCalls(runner, pairs)
    with contextlib.suppress(AssertionError):  # the rows show what is missing
        harness.wait_for(lambda: not ended.unfinished() or not runner.running, 120 + 4 * max(arguments.idle))
    missing = ended.unfinished()
    print(f"{'idle':>6} {'round trip':>8} {'calls':>7} {'lost':>6} {'twice':>6} {'connections':>12}")
    bad = sum(pair.row(ended.of[pair.url]) for pair in pairs)
    runner.terminate(30)
    handler.kill()
    redis.kill()
    loop.stop()
    print(f"{bad} lost or twice" + (f", {len(missing)} pairs not over" if missing else ""))
    return 1 if bad or missing else 0


if __name__ == "__main__":
    sys.exit(main())
