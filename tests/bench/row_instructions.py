"""Instructions per call, of the runner and of Redis, counted by callgrind: they can be repeated where times cannot. Not among the rows that
are measured when none is named: it needs valgrind, and takes a minute."""
import re
import time

import harness
from common import NginxTarget, plant, recorded, wait_for

FEW, MANY = 1_000, 5_000


class Counted(harness.Program):
    """A program under callgrind."""

    def __init__(self, home, name, argv, env, **options):
        counter = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={home}/{name}.callgrind"]
        super().__init__(home, name, [*counter, *argv], env, **options)

    def count(self):
        """How many instructions it took, when it has ended."""
        self.terminate(60)
        return int(re.search(r"Collected : (\d+)", self.err)[1])


class Redis(harness.Redis):
    def start(self, *options, wait=True):
        argv = ["redis-server", harness.ROOT / "redis" / "redis.conf", "--dir", self.home, "--port", 0, "--unixsocket", self.socket]
        self.program = Counted(self.home, "redis", argv, harness.environment())
        wait_for(self.answers, 60, "Redis")
        return self


def runner_of(home, redis):
    return Counted(home, "runner", [harness.DIST / "dronc-runner"], harness.environment(**redis.settings()))


def measure(bench, url, count):
    """Instructions of the runner and of Redis for so many calls, all due on one second."""
    home = bench.home()
    redis = Redis(home).start()
    db = redis.client()
    runner = runner_of(home, redis)
    wait_for(lambda: runner.events("ready"), 60, "the runner")
    at = int(time.time()) + 6
    plant(db, "counted", count, url, at * 1000)
    wait_for(lambda: recorded(db) >= count, 300, f"{count} records")
    result = runner.count()
    db.close()
    return result, redis.program.count()


def run(bench):
    target = NginxTarget(bench.home())
    few, many = measure(bench, target.url, FEW), measure(bench, target.url, MANY)
    for who, a, b in zip(("the runner", "Redis"), few, many):
        bench.row("instructions", f"{who}, per call", f"{(b - a) / (MANY - FEW):,.0f}", f"{MANY:,} calls less {FEW:,}")
