"""make chaos: do the promises hold, seen from outside, whatever is done to the stack?

    chaos.py [--minutes 4 | --seconds N] [--seed S] [--faults NAME,…] [--json FILE] [--keep]

Rounds of a storm (all faults, overlapping), one fault alone, and a calm in which everything has to be on time again; then
everything is healed, drained and stopped, and checker.py compares what had to be called with what was.
"""
import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import redis as redis_client

import checker
import evidence
import living
import proofs
import report
from faults import FAULTS
from manners import GOOD
from plan import Injector, Planned, plan_storm
from stack import DIST, Stack
from stack import harness
from workload import Workload

CALM = 25  # seconds: 15 in which to recover, and 10 to prove it
APART = 8  # between a storm and the fault that is looked at alone
WARM_UP, WIND_UP = 6, 35  # before the first storm; after the last calm, about
ROUND = 125
SHORT = 180  # so short a run has one storm, and no fault alone
TITLES = {1: "at most once: no second call, one record", 2: "at least once: called until it succeeded, or dead",
          3: "nothing called that was not scheduled", 4: "history and the targets' log agree",
          5: "on time again within 15 s of the last fault", 6: "acknowledged jobs exist, others wholly or not at all",
          7: "no claim, retry or heartbeat left behind",
          8: "living jobs, at most once: no second call, whatever is done to them", 9: "nothing called after a DELETE or a pause",
          10: "manual runs are called", 11: "of a deleted job nothing is left",
          12: "max_runs is a limit, and no two records have one id",
          14: "signed calls are signed by keys that are alive, and carry a secret that is current",
          15: "a key that was revoked, made up or left out opens nothing"}
# What a run of half an hour or more has to have seen.
REQUIRED = {"kill -9 of a runner": 100, "kill -9 of Redis": 20, "SIGSTOP of a runner past its lease": 20,
            "partition between a runner and Redis": 20, "clock step of a runner": 20}
REQUIRED_OCCURRENCES = 200_000


def say(text):
    print(text, flush=True)


def now_ms():
    return int(time.time() * 1000)


def between_seconds():
    """Wait until nothing is about to be called: what the last runner has started and not sent would rightly be left behind."""
    time.sleep((1300 - now_ms() % 1000) % 1000 / 1000)


class Chaos:
    def __init__(self, home, seed, options):
        self.home, self.seed, self.names, self.options = Path(home), seed, options.names, options
        self.seconds = options.seconds or options.minutes * 60
        self.stack = Stack(self.home, seed)
        self.workload = Workload(self.stack, seed)
        self.changer = living.Changer(self.stack, seed)
        self.keeper = proofs.Keeper(self.stack, seed)
        self.injector = Injector(self.stack)
        self.harvest, self.calms, self.over = evidence.Harvest(), [], threading.Event()
        self.began, self.stopped, self.codes = time.monotonic(), 0, []

    # --- the run ---

    def run(self):
        self.stack.start()
        self.keeper.set_up()
        self.workload.post_base()
        self.changer.post_all()
        say(f"{len(self.workload.jobs)} jobs, about {self.workload.per_second:.0f} occurrences a second")
        watch = threading.Thread(target=self.watch)
        watch.start()
        self.workload.start(self.options.posts)
        self.changer.start()
        self.keeper.start()
        time.sleep(WARM_UP)
        budget = self.seconds - WARM_UP - WIND_UP
        rounds = max(1, round(budget / ROUND))
        for number, finale in enumerate(self.finales(rounds)):
            self.round(number, max(15, budget / rounds - CALM - (APART + 6 if finale else 0)), finale)
        self.wind_up()
        self.over.set()
        watch.join()

    def finales(self, rounds):
        """The faults that are looked at alone: each that may make calls late in turn, in an order of the seed. None in a short run."""
        if self.seconds < SHORT:
            return [None] * rounds
        rng = random.Random(f"{self.seed}/finales")
        kinds = [FAULTS[name] for name in self.names if FAULTS[name].lane != "front"] or [FAULTS[self.names[0]]]
        rng.shuffle(kinds)
        return [kinds[n % len(kinds)](rng) for n in range(rounds)]

    def round(self, number, seconds, finale):
        began = now_ms()
        self.injector.storm(plan_storm(self.seed, number, seconds, self.names, self.options.haste))
        healed, name = now_ms(), "a storm"
        if finale is not None:
            time.sleep(APART)
            rng = random.Random(f"{self.seed}/{number}")
            alone = Planned(0, rng.uniform(*finale.lasts), finale, rng.uniform(-0.12, 0.005))  # when it hurts most
            self.injector.storm({"alone": [alone]})
            began, healed, name = alone.injected, alone.healed, str(finale)
        time.sleep(CALM)
        self.calms.append(report.Calm(name, began, healed, now_ms()))

    def wind_up(self):
        """Let the targets behave, wait until no retry is left, delete what has lived, and stop."""
        self.workload.stop()
        self.changer.stop()
        self.keeper.stop()
        self.stack.targets.signal(signal.SIGUSR1)
        self.wait_for(self.no_retries, "the end of all retries")
        self.changer.delete_all()
        self.wait_for(self.deleted_are_quiet, "the end of all that was deleted")
        self.stopped = now_ms()
        self.codes = self.stack.stop(between_seconds)

    @staticmethod
    def wait_for(condition, what):
        """If it does not come about, the checker will have something to say."""
        try:
            harness.wait_for(condition, 60, what)
        except AssertionError as late:
            say(f"waited in vain: {late}")

    def deleted_are_quiet(self):
        with self.stack.redis.client() as db:
            return not evidence.claims_and_retries_of(db, self.living_ids)

    @property
    def living_ids(self):
        return [job.id for job in self.changer.jobs]

    def no_retries(self):
        """Neither waiting nor under way."""
        with self.stack.redis.client() as db:
            return not evidence.retries_in(db)

    # --- meanwhile ---

    def watch(self):
        """What dies by itself is started again and told of; the feed is collected; now and then a line."""
        told = collected = time.monotonic()
        while not self.over.wait(0.5):
            now = time.monotonic()
            if not self.stopped:
                self.stack.look_after()
            if now - collected > 20:
                collected = now
                self.collect()
            if now - told >= 30:
                told = now
                say(f"{now - self.began:5.0f} s: {len(self.harvest.records):,} records, {len(self.workload.jobs):,} jobs, "
                    f"{sum(self.injector.counts().values())} faults")

    def collect(self):
        try:
            with self.stack.redis.client(socket_timeout=5) as db:
                self.harvest.collect(db)
        except (redis_client.RedisError, OSError):
            pass  # it is down just now

    # --- afterwards ---

    def evidence(self):
        with self.stack.redis.client() as db:
            left = evidence.read_left(db, self.harvest, self.living_ids)
        self.stack.stop_rest()
        requests = evidence.read_requests(self.stack.requests, self.keeper.look_at)
        steps = self.stack.redis.clock.steps
        living.write_down(self.changer.jobs, self.home / "changes.log")
        (self.home / "faults.json").write_text(json.dumps([p.told() for p in self.injector.done], indent=0))
        return checker.Run(self.workload.jobs, requests, left, self.stopped,
                           [(calm.healed, calm.until) for calm in self.calms], GOOD, steps,
                           int(checker.ON_TIME * harness.SCALE), self.changer.jobs, self.keeper)

    def extras(self, count):
        """What else must not happen: (what, evidence)."""
        bugs = [line for path in self.home.glob("runner*.out") for line in open(path, errors="replace") if '"bug: ' in line]
        yield "no program died by itself", self.stack.deaths
        yield "runners drained and ended with status 0", [code for code in self.codes if code]
        yield "no log speaks of a bug", bugs[:5]
        yield "sanitizers have nothing to say", harness.sanitizer_reports(self.home)
        yield "every fault could be injected and healed", [p.told() for p in self.injector.done if p.trouble]
        yield "no process is left over", harness.processes_in(self.home)
        if self.seconds >= 1800 and len(self.names) == len(FAULTS):
            faults = self.injector.counts()
            missing = [f"{faults[kind]} × {kind}" for kind, least in REQUIRED.items() if faults[kind] < least]
            few = [f"{count['occurrences due']} occurrences"] if count["occurrences due"] < REQUIRED_OCCURRENCES else []
            yield "enough faults and occurrences", missing + few


def judge(chaos, json_path):
    """Print everything there is to say; true if nothing was wrong."""
    run = chaos.evidence()
    count, worst = report.print_table(run, chaos.calms, chaos.injector.counts())
    say(chaos.keeper.summary())
    found = checker.check(run)
    report.print_violations(found, TITLES)
    failed = [f"check {number}" for number, violations in found.items() if violations]
    passed = len(found) - len(failed)
    for what, trouble in chaos.extras(count):
        say(f"{'FAILED' if trouble else 'ok':>6}  {what}")
        for line in trouble:
            say(f"          {line}")
        failed += [what] if trouble else []
        passed += not trouble
    say(f"worst recovery: {worst[0]:.1f} s after {worst[2]}")
    if json_path:
        what = {number: sorted({violation.what for violation in violations}) for number, violations in found.items()}
        Path(json_path).write_text(json.dumps({"failed": failed, "violations": what, "count": count}))
    return passed, failed


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--seconds", type=float, help="instead of --minutes")
    parser.add_argument("--seed", default="")
    parser.add_argument("--faults", default="", help=f"only these, with commas: {', '.join(FAULTS)}")
    parser.add_argument("--without", default="", help="all but these")
    parser.add_argument("--haste", type=float, default=1, help="divides the pauses between faults")
    parser.add_argument("--posts", type=float, default=2, help="new jobs a second")
    parser.add_argument("--json", help="where to put the result for a program")
    parser.add_argument("--discard", action="store_true", help="keep it in no case")
    parser.add_argument("--keep", action="store_true", help="keep the working folder in any case")
    options = parser.parse_args()
    named, without = ([name for name in names.split(",") if name] for names in (options.faults, options.without))
    for name in {*named, *without} - set(FAULTS):
        parser.error(f"no such fault: {name}")
    options.names = [name for name in named or FAULTS if name not in without]
    return options


def again_with(seed, options):
    """How to have the same faults again."""
    if sys.argv[1:] in ([], ["--minutes", f"{options.minutes:g}"], ["--minutes", f"{options.minutes:g}", "--seed", seed]):
        return f"make chaos SEED={seed} MINUTES={options.minutes:g}"
    return f"tests/chaos/chaos.py {' '.join(sys.argv[1:])}{'' if options.seed else f' --seed {seed}'}"


def main():
    options = arguments()
    seed = options.seed or str(random.SystemRandom().randrange(10**9))
    home = Path(tempfile.mkdtemp(prefix="dronc-chaos-"))
    again = again_with(seed, options)
    say(f"seed {seed}: {again}\nprograms of {DIST}, work in {home}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    chaos = Chaos(home, seed, options)
    try:
        chaos.run()
        passed, failed = judge(chaos, options.json)
    except BaseException:
        traceback.print_exc()
        try:
            chaos.stack.kill_everything()
        finally:
            os._exit(1)  # threads that are in the middle of a fault shall not go on
    chaos.stack.kill_everything()
    if (failed or options.keep) and not options.discard:
        say(f"kept for a look: {home}")
    else:
        harness.remove(home)
    say(f"seed {seed}: {again}")
    say(f"{passed} passed, {len(failed)} failed")
    os._exit(1 if failed else 0)


if __name__ == "__main__":
    main()
