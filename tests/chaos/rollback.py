"""What is left of the promises when Redis' data goes back: a failover to a replica that was behind, a power loss with `everysec`, a
restored backup. What was written last is lost then; but no job may be lost with it.

    rollback.py [--seconds 60] [--seed S] [--json FILE] [--discard]

Redis is killed, its append-only file is cut to what it was 50 to 500 ms before, and it is started again, over and over, around
the full seconds at which the jobs are due: claims are made 150 ms ahead, starts 30 ms, and half of the calls take 300 ms. Then everything
has to be on its way again:

    13  no ACTIVE job is silent for more than three of its periods, and none stands nowhere
"""
import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import evidence
import model
from stack import DIST, Stack, harness
from verdict import Violation

JOBS = 90
PERIODS = (1, 2, 3)  # seconds
CALM = 3 * max(PERIODS) + 6  # seconds: in which each job has to be called
CHECK = 13
TITLES = {CHECK: "no ACTIVE job is silent for more than three of its periods"}


def say(text):
    print(text, flush=True)


def append_only_file(redis):
    """The part that is being written."""
    manifest, = Path(redis.home).glob("**/appendonlydir/*.manifest")
    last = [line.split()[1] for line in manifest.read_text().splitlines() if line.rstrip().endswith("type i")][-1]
    return manifest.parent / last


class Rollback:
    def __init__(self, home, seed, seconds):
        self.home, self.rng, self.seconds = Path(home), random.Random(f"{seed}/rollback"), seconds
        self.stack = Stack(self.home, seed)
        self.jobs, self.times, self.lost = {}, 0, 0

    def post_all(self):
        for number in range(JOBS):
            schedule = model.each(PERIODS[number % 3]) if number % 3 else model.every_second()
            body = {"schedule": schedule.text, "api": self.stack.url(("good0", "slow")[number // 18 % 2], f"/job/{number}"),
                    "type": ("ATMOST_ONCE", "ATLEAST_ONCE")[number // 3 % 2]}
            if number // 6 % 3 == 1:
                body["overlap"] = "skip"  # these have scripts of their own
            answer = self.stack.http.post(body)
            assert answer.status == 201, answer
            self.jobs[answer.json["job_id"].removeprefix("capi:")] = PERIODS[number % 3]

    def go_back(self):
        """Some time around a full second is lost."""
        lost = self.rng.uniform(0.05, 0.5)
        time.sleep((1 + self.rng.uniform(-0.1, 0.3) - lost - time.time()) % 1)
        path = append_only_file(self.stack.redis)
        size = path.stat().st_size
        time.sleep(lost)
        self.stack.redis_part.kill()
        if path.exists() and path.stat().st_size > size:  # else it was just written anew
            self.lost += path.stat().st_size - size
            os.truncate(path, size)
        self.stack.redis_part.start()
        self.times += 1

    def run(self):
        self.stack.start()
        self.post_all()
        until = time.monotonic() + self.seconds
        with self.stack.redis.client() as db:
            harness.wait_for(lambda: sum(db.xlen(f"dronc:{{{shard}}}:executions") for shard in range(harness.SHARDS)) >= JOBS, 20, "calls")
        while time.monotonic() < until:
            self.go_back()
            harness.wait_for(self.stack.redis.answers, what="Redis")
            time.sleep(self.rng.uniform(1.5, 4))
        calm = int(time.time() * 1000)
        time.sleep(CALM)
        with self.stack.redis.client() as db:
            left = evidence.read_left(db, evidence.Harvest())
        self.stack.stop(lambda: None)
        self.stack.stop_rest()
        return left, evidence.read_requests(self.stack.requests), calm

    def check(self, left, requests, calm):
        latest = {}
        for request in requests:
            latest[request.job] = max(latest.get(request.job, 0), request.at)
        for name, period in self.jobs.items():
            stored = left.jobs.get(name)
            if stored is None or not stored.whole:
                yield Violation(CHECK, "a job that was there long before is gone", name)
            elif stored.fields.get("state", "ACTIVE") != "ACTIVE":
                yield Violation(CHECK, "a job that ended", f"{name} {stored.fields}")
            elif latest.get(name, 0) < calm + (CALM - 3 * period - 1) * 1000:
                silent = (calm + CALM * 1000 - latest.get(name, 0)) / 1000
                yield Violation(CHECK, "silent", f"{name} period {period} s, silent for {silent:.1f} s, due {stored.due} {stored.fields}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", default="")
    parser.add_argument("--json", help="where to put the result for a program")
    parser.add_argument("--discard", action="store_true", help="keep it in no case")
    parser.add_argument("--faults", help=argparse.SUPPRESS)
    options = parser.parse_args()
    seed = options.seed or str(random.SystemRandom().randrange(10**9))
    home = Path(tempfile.mkdtemp(prefix="dronc-rollback-"))
    say(f"seed {seed}: tests/chaos/rollback.py --seed {seed} --seconds {options.seconds:g}\nprograms of {DIST}, work in {home}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rollback = Rollback(home, seed, options.seconds)
    try:
        found = list(rollback.check(*rollback.run()))
        dead = rollback.stack.deaths
    finally:
        rollback.stack.kill_everything()
    say(f"{rollback.times} times back, {rollback.lost:,} bytes of writes lost, {len(rollback.jobs)} jobs")
    say(f"{'FAILED' if found else 'ok':>6}  check {CHECK}: {TITLES[CHECK]}")
    for violation in found[:10]:
        say(f"          {violation}")
    say(f"{'FAILED' if dead else 'ok':>6}  no program died by itself")
    if options.json:
        what = {CHECK: sorted({violation.what for violation in found})} if found else {}
        Path(options.json).write_text(json.dumps({"violations": what}))
    failed = bool(found) + bool(dead)
    if failed and not options.discard:
        say(f"kept for a look: {home}")
    else:
        harness.remove(home)
    say(f"{2 - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
