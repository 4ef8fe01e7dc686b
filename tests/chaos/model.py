"""When is a job due? Worked out from the schedule's text alone, independently of the programs under test.

Only the few kinds of schedule that the workload posts: one that is easy to be sure of is worth more here than a second
cron engine. Everything is in UTC and whole seconds; instants are milliseconds since the epoch.
"""
import time
from dataclasses import dataclass, field

import proofs

MINUTE = 60
ONCE, SECONDS, EVERY = "once", "seconds", "every"
SOON = {"min_backoff_ms": 100, "max_backoff_ms": 2000, "jitter": "full"}


@dataclass(frozen=True)
class Schedule:
    """kind ONCE: at `at` (ms). SECONDS: in each minute at these seconds. EVERY: each `step` seconds from `created` on."""
    text: str
    kind: str
    at: int = 0
    seconds: tuple = ()
    step: int = 0

    def instants(self, created, until, since=0):
        """The instants of a job that was created then, in order: those from `since` on, up to and including `until`."""
        first = max(created + 1, since)
        if self.kind == ONCE:
            return iter([self.at] if first <= self.at <= until else [])
        if self.kind == EVERY:
            step, origin = self.step * 1000, created // 1000 * 1000
            return iter(range(origin + max(1, -((origin - first) // step)) * step, until + 1, step))
        return self._in_minutes(first, until)

    def _in_minutes(self, first, until):
        minute = first // 1000 // MINUTE * MINUTE
        while minute * 1000 <= until:
            for second in self.seconds:
                instant = (minute + second) * 1000
                if first <= instant <= until:
                    yield instant
            minute += MINUTE

    def has(self, instant, created):
        """Is it one of the instants of a job that was created then?"""
        if instant <= created or instant % 1000:
            return False
        if self.kind == ONCE:
            return instant == self.at
        if self.kind == EVERY:
            return (instant // 1000 - created // 1000) % self.step == 0
        return instant // 1000 % MINUTE in self.seconds

    @property
    def per_second(self):
        """How often a second, on average; 0 for what happens once."""
        return {ONCE: 0, EVERY: 1 / (self.step or 1), SECONDS: len(self.seconds) / MINUTE}[self.kind]


def every_second():
    return Schedule("* * * * * *", SECONDS, seconds=tuple(range(MINUTE)))


def each(step):
    """*/step in the field of seconds: counted from each full minute."""
    return Schedule(f"*/{step} * * * * *", SECONDS, seconds=tuple(range(0, MINUTE, step)))


def at_seconds(*seconds):
    return Schedule(f"{','.join(map(str, sorted(seconds)))} * * * * *", SECONDS, seconds=tuple(sorted(seconds)))


def every(step):
    return Schedule(f"@every {step}s", EVERY, step=step)


def once(second):
    """At this Unix second, and never again."""
    t = time.gmtime(second)
    return Schedule(f"{t.tm_sec} {t.tm_min} {t.tm_hour} {t.tm_mday} {t.tm_mon} ? {t.tm_year}", ONCE, at=second * 1000)


@dataclass
class Job:
    """What was posted, and what became of it. Instants in ms by this machine's clock, which no fault steps."""
    number: int
    schedule: Schedule
    type: str  # ATMOST_ONCE or ATLEAST_ONCE
    target: str  # the name of a server in targets.py
    api: str
    posts: list = field(default_factory=list)  # (sent, answered, status; 0: no answer, body)
    id: str = ""  # 64 hex digits, as a 201 said it

    @property
    def acknowledged(self):
        return any(status == 201 for _, _, status, _ in self.posts)

    @property
    def at_most_once(self):
        return self.type == "ATMOST_ONCE"

    @property
    def fields(self):
        """What Redis has of it, whatever else was posted."""
        return {"schedule": self.schedule.text, "api": self.api, "type": self.type}

    @property
    def body(self):
        return {**self.fields, **({"retry": SOON} if self.target == "kept" else {}), **proofs.fields_of(self.number)}
