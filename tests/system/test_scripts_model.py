"""What is promised of an instant, whatever the order in which handlers and runners come to Redis: the scripts are called at random, by a clock
that is set forward and back, and after each of them the promises are looked at.

Longer, or the same again: test_scripts_model.py [SEED [WORLDS [STEPS]]]
"""
import collections
import random
import signal
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from contract import FIELDS, VERDICTS
from scripts import PREFIX, Scripts, SteppedRedis, key

LOOK_AHEAD, LEAD, TOO_LATE = 150, 30, 3000  # ms: of a runner
MAX_ATTEMPTS = 2


class Broken(AssertionError):
    """A promise is."""


def next_instant(definition, after):
    """Schedules are '<period>/<offset>' (ms)."""
    period, offset = map(int, definition["schedule"].split("/"))
    return (after - offset) // period * period + period + offset


def is_stateful(definition):
    return bool({"overlap", "pause_after_failures", "on_failure_url", "on_recovery_url", "max_runs"} & set(definition))


def unpack(packed):
    fields = {}
    while packed:
        index, length, packed = packed.split(b" ", 2)
        fields[FIELDS[int(index)]] = packed[:int(length)].decode()
        packed = packed[int(length) + 1:]
    return fields


@dataclass
class Run:
    """An attempt, as the runner knows it that has it."""
    member: bytes
    ticket: bytes
    due: int
    state: str
    definition: dict
    thing: tuple  # (which job of the id, what asked for it)
    phase: str = "claimed"

    @property
    def job(self):
        return self.member[:32]

    @property
    def scheduled(self):
        return int(self.member[32:])

    @property
    def attempt(self):
        return int(self.ticket.split(b".")[0])

    @property
    def following(self):
        return next_instant(self.definition, self.scheduled)


@dataclass
class Runner:
    name: bytes
    runs: list = field(default_factory=list)
    ahead: int = 0  # of Redis' clock, which was set back and this does not know

    def of(self, phase):
        return [run for run in self.runs if run.phase == phase]


class World:
    def __init__(self, redis, scripts, seed):
        self.redis, self.scripts, self.db, self.random = redis, scripts, redis.db, random.Random(seed)
        self.db.flushall()
        redis.now = 1_900_000_000_000 + self.random.randrange(1000)
        self.trace = []
        self.names = iter(range(10**9))
        self.runners = [self.new_runner() for _ in range(3)]
        self.dead = []
        self.offset = self.random.choice([0, 437])
        self.moments = {(offset + ahead) % 1000 for offset in (0, self.offset) for ahead in (-150, -60, -LEAD - 1, -LEAD, -20, -10, -1, 0, 1, 15, 300)}
        self.jobs = {b"c" + b"%d" % n * 31: self.choose_kind() for n in range(1, 3)}
        self.is_there = dict.fromkeys(self.jobs, False)
        self.reads = {}
        self.taken = collections.defaultdict(set)
        self.sent = collections.defaultdict(list)
        self.by_hand = {}  # (job, which, instant) that is to be made
        self.set_back = 0
        self.feed, self.recorded = b"-", set()

    @property
    def now(self):
        return self.redis.now

    def new_runner(self):
        return Runner(b"r%d" % next(self.names))

    def choose_kind(self):
        """What stays so with an id: only the schedule changes."""
        pick = self.random.choice
        kind = {"api": "http://h/", "type": pick(["ATMOST_ONCE", "ATLEAST_ONCE"])}
        if pick([True, False]):
            kind["overlap"] = pick(["skip", "queue", "cancel"])
        if pick([True, False]):
            kind |= {"on_failure_url": "http://n/", "on_recovery_url": "http://n/"}
        return kind

    def choose_definition(self, job):
        offset = self.random.choice([0, 0, self.offset])
        definition = {"schedule": f"{self.random.choice([1000, 1000, 1000, 2000])}/{offset}", **self.jobs[job]}
        if self.random.random() < 0.1:
            definition["max_runs"] = "3"
        return definition

    def any_job(self):
        return self.random.choice(list(self.jobs))

    def stored(self, job):
        fields = {k.decode(): v.decode() for k, v in self.db.hgetall(key("job", job)).items()}
        return fields if "schedule" in fields else None

    def which(self, job):
        fields = self.stored(job)
        return fields and fields.get("born", fields["created"])

    # --- what handlers do ---

    def check_refusal(self, job, instant):
        """An instant that is refused has been taken; and unless the clock was set back, it is not far ahead."""
        if instant not in self.taken[job]:
            raise Broken(f"refused up to {instant}, which nothing has taken")
        if not self.set_back and instant > self.now + 1000:
            raise Broken(f"refused up to {instant}, {instant - self.now} ms ahead")

    def create(self):
        job = self.any_job()
        definition = self.choose_definition(job)
        created = self.now + self.random.choice([0, 0, 0, self.random.randint(-900, 900)])
        first = next_instant(definition, created)
        for _ in range(5):
            answer = self.scripts.create(job, first, created, definition)
            if answer in (1, 0, -1):
                break
            if answer > 1:
                return f"{answer}: wrong time"
            if answer < -2:
                self.check_refusal(job, -answer)
            behind = first if answer == -2 else max(first, -answer)
            created = behind if behind - created < 1000 else created
            first = next_instant(definition, behind)
        else:
            raise Broken("never created")
        if answer == 1:
            if self.is_there[job]:
                raise Broken("created twice")
            self.is_there[job] = True
        return f"{job[1:2]} created {created} due {first}: {answer}"

    def delete(self):
        job = self.any_job()
        fields = self.stored(job)
        answer = self.scripts.delete(job)
        if answer:
            created = int(fields["created"])  # by a handler whose clock may be ahead
            self.taken[job].update([created] if created <= self.now + 1000 else [])
            self.is_there[job] = False
            self.taken[job].add(self.now)
            self.by_hand = {k: v for k, v in self.by_hand.items() if k[0] != job}
        return f"{job[1:2]}: {answer}"

    def make_again(self):
        return self.delete() + " " + self.create()

    def look(self):
        """A handler reads a job, and may come back to it later."""
        job = self.any_job()
        self.reads[job] = self.scripts.read(job), self.stored(job)
        return str(job[1:2])

    def read(self, job):
        if self.random.random() < 0.3 and self.reads.get(job):
            return self.reads[job]
        return self.scripts.read(job), self.stored(job)

    def change(self):
        """PATCH, POST of a name, or resume."""
        job = self.any_job()
        read, fields = self.read(job)
        if not read:
            return "none"
        way = self.random.choice(["time", "all", "resume", "other"])
        definition = self.choose_definition(job) if way == "all" else {k: v for k, v in fields.items() if k in FIELDS}
        paused = fields.get("state") == "PAUSED" and way != "resume"
        after = self.now - self.random.choice([0, 0, 20])
        for _ in range(20):
            first = "" if way == "other" else "p" if paused else next_instant(definition, after)
            answer = self.scripts.change(job, read, first, None if way == "resume" else definition)
            if answer >= -1:
                break
            if answer < -2:
                self.check_refusal(job, -answer)
            after = max(self.now, -answer if answer < -2 else 0)
        else:
            raise Broken("never changed")
        return f"{job[1:2]} {way} {first}: {answer}"

    def pause(self):
        job = self.any_job()
        return f"{job[1:2]}: {self.scripts.pause(job)}"

    def run(self):
        job = self.any_job()
        _, fields = self.read(job)
        offset = int(fields["schedule"].split("/")[1]) if fields else -1
        at = self.scripts.run(job, f"q{next(self.names)}", offset)
        if at > 0:
            self.note_instant(job, at, "by hand")
            self.by_hand[job, self.which(job), at] = True
        return f"{job[1:2]}: {at}"

    def note_instant(self, job, at, what):
        if at in self.taken[job]:
            raise Broken(f"{what}: {at} is taken")
        self.taken[job].add(at)

    def redrive(self):
        """From then on an occurrence counts as one of the schedule, even if it was a manual run: a pause cancels it."""
        members = self.db.zrange(key("dead"), 0, 3)
        answers = self.scripts.redrive(members) if members else []
        for member, answer in zip(members, answers):
            if answer > 0:
                self.sent[member] = [((which, "schedule"), attempt) for (which, _), attempt in self.sent[member]]
        return str(answers)

    def rezone(self):
        """Later by some periods: new rules never name an instant that has been."""
        job = self.any_job()
        due, fields = self.db.zscore(key("due"), job), self.stored(job)
        if not due or not fields:
            return "none"
        stamp = self.which(job) + ("." + fields["epoch"] if "epoch" in fields else "")
        later = next_instant(fields, int(due) + self.random.choice([0, 1000]))
        return f"{job[1:2]} {later}: {self.scripts.rezone(job, stamp, int(due), later)}"

    # --- what runners do ---

    def some(self, act):
        """Some of the runners do so, one after the other."""
        return " ".join(act(self, runner) for runner in self.random.sample(self.runners, len(self.runners)) if self.random.random() < 0.6)

    def claim(self):
        return self.some(World.claim_by)

    def claim_by(self, runner):
        until = self.now + runner.ahead + self.random.choice([LOOK_AHEAD, LOOK_AHEAD, 0])
        runs = [self.read_claim(runner, text) for text in self.scripts.claim(runner.name, until, self.random.choice([100, 1]))]
        if self.random.random() < 0.9:  # else the answer is lost
            runner.runs += runs
        return f"{runner.name} until {until}: " + ", ".join(f"{run.member[31:]} {run.ticket} {run.state}" for run in runs)

    def read_claim(self, runner, text):
        member, ticket, due, state, created, rest = text.split(b" ", 5)
        if state == b"n":
            length, rest = rest.split(b" ", 1)
            rest = rest[int(length) + 1:]
        kind, stamp = self.db.hget(key("claimed", runner.name), member).split(b" ")[2::2]
        asked = "notice" if kind == b"n" else "schedule" if kind.isupper() else "hand"
        return Run(member, ticket, int(due), state.decode(), unpack(rest) if created else {}, (stamp.split(b".")[0], asked))

    def start(self):
        return self.some(World.start_by)

    def start_by(self, runner):
        said = []
        for run in runner.of("claimed"):
            if not run.definition:
                said.append(self.hand_back(runner, run, run.due))
            elif run.due - LEAD <= self.now + runner.ahead and self.random.random() < 0.8:
                said.append(self.start_one(runner, run))
        return " ".join(said)

    def start_one(self, runner, run):
        late = self.now - run.scheduled > TOO_LATE
        if late and run.state == "c":
            return self.skip(runner, run)
        if late and run.state == "r" and run.attempt == 1 and run.thing[1] == "schedule" and run.definition.get("overlap") != "queue":
            return self.finish_one(runner, run, "m", "n")
        start = self.scripts.start_stateful if is_stateful(run.definition) and run.state != "n" else self.scripts.start
        verdict = start(runner.name, [(run.member, run.ticket, run.following)])[0]
        if verdict in (VERDICTS["DONE"], VERDICTS["SETTLED"]):
            self.taken[run.job].add(run.scheduled)
        if verdict == VERDICTS["DONE"]:
            run.phase = "started"
            if self.random.random() < 0.05:
                return "started, and " + self.hand_back(runner, run, run.due)
        else:
            runner.runs.remove(run)
        return f"{runner.name} starts {run.member[31:]} {run.ticket}: {verdict}"

    def send(self):
        return self.some(World.send_by)

    def send_by(self, runner):
        said = []
        for run in runner.of("started"):
            if run.due > self.now + runner.ahead or self.random.random() < 0.3:
                continue
            said.append(f"{run.member[31:]} {run.ticket}")
            if run.definition.get("overlap") == "cancel" and run.state != "n" and self.scripts.confirm(runner.name, run.member, run.ticket) != VERDICTS["DONE"]:
                runner.runs.remove(run)
                continue
            run.phase = "sent"
            self.note_sent(run)
        return f"{runner.name} " + " ".join(said)

    def note_sent(self, run):
        before = self.sent[run.member]
        attempts = [attempt for _, attempt in before]
        at_most_once = run.definition["type"] == "ATMOST_ONCE" and run.thing[1] != "notice"
        if before and (at_most_once or before[0][0] != run.thing or run.attempt in attempts and run.thing[1] != "notice"):
            raise Broken(f"{run.member} is sent again: {before}, and now {run}")
        before.append((run.thing, run.attempt))

    def finish(self):
        return self.some(World.finish_by)

    def finish_by(self, runner):
        said = []
        for run in runner.of("sent"):
            if self.random.random() < 0.6:
                failed = self.random.random() < 0.5
                last = run.attempt % MAX_ATTEMPTS == 0
                retried = run.definition["type"] == "ATLEAST_ONCE" or run.state == "n"
                after = "n" if not failed or not retried else "r" if not last else "d" if run.state != "n" else "n"
                said.append(self.finish_one(runner, run, "f" if failed else "s", after))
        return " ".join(said)

    def finish_one(self, runner, run, outcome, after):
        record = f"o:{outcome} s:{run.scheduled} a:{run.attempt} x:{self.now} t:1 h:200 l:0"
        args = [(run.member, run.ticket, record, after, self.now + self.random.choice([0, 300, 1500]), run.following)]
        if run.state == "n":
            verdict = self.scripts.finish_notice(runner.name, args)[0]
        else:
            self.taken[run.job].add(run.scheduled)
            verdict = self.scripts.finish(runner.name, args, "finish_stateful" if is_stateful(run.definition) else "finish")[0]
        runner.runs.remove(run)
        return f"{runner.name} {run.member[31:]} {run.ticket} {outcome} {after}: {verdict}"

    def skip(self, runner, run):
        until = next_instant(run.definition, self.now - 2000)
        next_one = next_instant(run.definition, max(until, run.scheduled))
        record = f"o:m s:{run.scheduled} x:0 t:0 h:0 l:0 u:{until} n:2"
        verdict = self.scripts.skip(runner.name, [(run.member, run.ticket, record, next_one)])[0]
        runner.runs.remove(run)
        self.taken[run.job].update((run.scheduled, until))
        return f"{runner.name} skips {run.member[31:]} up to {until}: {verdict}"

    def hand_back(self, runner, run, due):
        runner.runs.remove(run)
        return f"{runner.name} hands back {run.member[31:]} {run.ticket} for {due}: {self.scripts.release(runner.name, [(run.member, run.ticket, due)])}"

    def release(self):
        """Unsent, or put off."""
        runner = self.random.choice(self.runners)
        unsent = runner.of("claimed") + runner.of("started")
        if not unsent:
            return "nothing"
        run = self.random.choice(unsent)
        return self.hand_back(runner, run, self.random.choice([run.due, self.now + self.random.choice([1000, 200])]))

    def die(self):
        if len(self.runners) < 3:
            return "no"
        runner = self.random.choice(self.runners)
        self.runners.remove(runner)
        self.dead.append(runner)
        self.runners.append(self.new_runner())
        return f"{runner.name}"

    def recover(self):
        return " ".join(f"{runner.name}: {self.scripts.recover(runner.name)}" for runner in self.dead)

    def reconcile(self):
        """A runner looks at what it holds, says Redis."""
        runner = self.random.choice(self.runners)
        known = {run.ticket.split(b".")[1] for run in runner.runs}
        said = []
        for member, value in self.db.hgetall(key("claimed", runner.name)).items():
            state, ticket, _, due, _ = value.split(b" ")
            if ticket.split(b".")[1] not in known:
                script = (lambda: self.scripts.recover(runner.name, [(member, ticket)])) if state == b"s" else (
                    lambda: self.scripts.release(runner.name, [(member, ticket, due)]))
                said.append(f"{member[31:]} {value}: {script()}")
        return f"{runner.name} " + " ".join(said)

    # --- the clock ---

    def tick(self):
        """To one of the next moments that matter, of this second or the next one."""
        ahead = sorted((moment - self.now % 1000) % 1000 or 1000 for moment in self.moments)
        ahead = ahead[self.random.choice([0, 0, 0, 0, 1, 2, 5])]
        self.redis.now += ahead
        for runner in self.runners:
            runner.ahead = max(0, runner.ahead - self.random.choice([0, ahead, 10**6]))
        return str(ahead)

    def set_clock(self):
        if self.set_back > 20000 or self.random.random() < 0.7:
            return "not now"
        by = self.random.choice([-5, -50, -400, -3000, 2500])
        self.redis.now += by
        self.set_back += max(0, -by)
        for runner in self.runners:
            runner.ahead = max(0, -by)
        return str(by)

    # --- what is promised ---

    def look_round(self):
        """All that the promises are about, in one round trip."""
        jobs, runners = list(self.jobs), self.runners + self.dead
        with self.db.pipeline(transaction=False) as pipe:
            for job in jobs:
                pipe.hgetall(key("job", job)).zscore(key("due"), job)
            pipe.zrange(key("retry"), 0, -1).xrange(key("executions"), self.feed)
            for runner in runners:
                pipe.hgetall(key("claimed", runner.name))
            answers = pipe.execute()
        seen = {job: ({k.decode(): v for k, v in fields.items()}, due) for job, fields, due in zip(jobs, answers[::2], answers[1::2])}
        retry, feed, *claimed = answers[2 * len(jobs):]
        for job, (fields, _) in seen.items():
            self.note_fields(job, fields)
        self.check_records(feed)
        self.check_not_lost(seen, retry, [item for claims in claimed for item in claims.items()])

    def note_fields(self, job, fields):
        """The instants of manual runs and of notices."""
        words = fields.get("manual", b"").decode().split()[:1] + [name[7:] for name in fields if name.startswith("notice:")]
        self.taken[job].update(map(int, words))

    def check_records(self, feed):
        """No two records have one id."""
        for position, fields in feed:
            self.feed = b"(" + position
            words = dict(word.split(b":", 1) for word in fields[b"r"].split() if b":" in word)
            execution = fields[b"j"], int(words[b"s"]), int(words.get(b"a", 0))
            if execution in self.recorded:
                raise Broken(f"two records of {execution}")
            self.recorded.add(execution)
            self.taken[execution[0]].update(int(words[name]) for name in (b"s", b"u") if name in words)
            self.by_hand = {k: v for k, v in self.by_hand.items() if (k[0], k[2]) != execution[:2]}

    def check_not_lost(self, seen, retry, claims):
        """A job that is active stands in due, is claimed, or put off."""
        for job, (fields, due) in seen.items():
            if ("schedule" in fields) != self.is_there[job]:
                raise Broken(f"{job} is there: {fields}")
            if not fields or "state" in fields or due is not None:
                continue
            stamp = fields.get("born", fields["created"]) + (b"." + fields["epoch"] if "epoch" in fields else b"")
            claimed = any(member[:32] == job and value[:1] == b"c" and value.split(b" ")[4] == stamp for member, value in claims)
            put_off = any(entry[:32] == job and b":0." in entry[32:] and entry[32:].split(b".", 1)[1] == stamp for entry in retry)
            if not claimed and not put_off:
                raise Broken(f"{job} is called no more")

    OPS = {create: 6, delete: 1, make_again: 4, look: 2, change: 10, pause: 1, run: 3, redrive: 1, rezone: 1, claim: 14, start: 14, send: 10,
           finish: 8, release: 3, die: 1, recover: 2, reconcile: 3, tick: 18, set_clock: 1}

    def step(self, op):
        self.trace.append(f"{self.now} {op.__name__} ")
        self.trace[-1] += op(self) or ""
        self.look_round()

    def live(self, steps):
        for op in self.random.choices(list(self.OPS), self.OPS.values(), k=steps):
            self.step(op)
        self.end()

    def end(self):
        """All that is under way comes to its end, and what was asked for by hand was made."""
        for runner in self.runners:
            runner.ahead = 0
        self.dead += [self.runners.pop()]
        self.step(World.recover)
        for _ in range(120):
            self.redis.now += self.random.choice([100, 500])
            for op in (World.reconcile, World.claim, World.start, World.send, World.finish):
                self.step(op)
        alive = {(job, self.which(job)) for job in self.jobs}
        left = [what for what in self.by_hand if what[:2] in alive]
        if left:
            raise Broken(f"asked for by hand and not made: {left}")
        allowed = (b"due", b"retry", b"claimed:", b"holders", b"token", b"executions", b"gone", b"history:", b"dead", b"jobs", b"job:", b"broken")
        strange = [name for name in self.db.keys() if not name.startswith(PREFIX) or not name[len(PREFIX):].startswith(allowed)]
        if strange:
            raise Broken(f"{strange}")


def live(redis, scripts, seed, steps):
    world = World(redis, scripts, seed)
    try:
        world.live(steps)
    except Exception as problem:
        raise Broken("\n".join([*world.trace[-60:], f"seed {seed}, {steps} steps: {problem!r}"])) from problem


@pytest.fixture
def stepped(home):
    redis = SteppedRedis(home)
    yield redis
    redis.close()


def test_scripts_keep_what_is_promised_in_any_order(stepped):
    scripts, first = Scripts(stepped), random.randrange(10**6)
    print(f"seeds from {first}")
    for seed in range(first, first + 12):
        live(stepped, scripts, seed, 400)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # not without an end of Redis
    FIRST, WORLDS, STEPS = (int(text) for text in (sys.argv[1:] + ["1", "1000", "400"][len(sys.argv) - 1:]))
    with tempfile.TemporaryDirectory(prefix="dronc-model-") as folder:
        REDIS = SteppedRedis(Path(folder))
        try:
            SCRIPTS = Scripts(REDIS)
            for one in range(FIRST, FIRST + WORLDS):
                live(REDIS, SCRIPTS, one, STEPS)
                if one % 20 == 0:
                    print(one, flush=True)
        finally:
            REDIS.close()
