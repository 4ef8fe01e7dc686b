"""Living jobs: a few dozen that are changed all the time, through nginx and in the middle of all faults: another schedule, another
retry, paused, resumed, run by hand, deleted, posted again. They are jobs of their own, so that what is proved of the others from
their schedules alone stays as sharp as it is; living_checks.py says what is proved of these.

Each request is written down, with when it was sent, when it was answered, and with what.
"""
import json
import random
import time
from dataclasses import dataclass, field
from functools import partial

import model
import proofs
from crew import Crew

JOBS, CLIENTS = 56, 8
ORDINARY = 40  # the others have a rule for overlaps, or a limit of runs
TARGETS = ("good0", "good1", "slow", "flaky")  # answers at once, late, or not well: so calls are under way, and retries wait
TYPES = ("ATMOST_ONCE", "ATLEAST_ONCE")
PATCH, PAUSE, RESUME, RUN, DELETE, POST = "PATCH", "pause", "resume", "run", "DELETE", "POST"
KINDS = {PATCH: 6, PAUSE: 4, RESUME: 5, RUN: 4, DELETE: 3, POST: 5}  # and how often they are drawn
NOT_FOUND = 404
# What is done in one go in the last milliseconds before an instant: (how often it is drawn, how long before, what).
BURSTS = ((4, (0.05, 0.15), (DELETE, POST, DELETE, POST, DELETE, POST)), (4, (0.0, 0.05), (DELETE, POST, DELETE, POST)),
          (3, (0.0, 0.05), (PAUSE, RESUME, PAUSE, RESUME)), (3, (0.0, 0.05), (PATCH, PATCH)), (3, (-0.002, 0.04), (RUN, RUN, RUN)),
          (2, (0.0, 0.05), (RUN, PATCH, RUN, PATCH)))
RULES = ("skip", "queue", "cancel")
MAX_RUNS = 25
LATE = {"min_backoff_ms": 8000, "max_backoff_ms": 8000, "jitter": "none"}  # so that many come due long after a pause or a DELETE


@dataclass
class Change:
    """One request. Instants in ms by this machine's clock. status 0: no answer. instant: of an accepted manual run, as the API answered.
    last: the job's last DELETE, after everything that was to be called has been."""
    kind: str
    sent: int
    answered: int
    status: int
    instant: int = None
    last: bool = False

    @property
    def lost(self):
        """It may have been done, or not, or will yet be."""
        return not 200 <= self.status < 500


@dataclass
class Living:
    number: int
    type: str
    target: str
    body: dict  # its definition, as it is posted again and again
    mortal: bool  # whether it is deleted in between
    id: str = ""
    changes: list = field(default_factory=list)  # in the order in which they were sent

    @property
    def at_most_once(self):
        return self.type == "ATMOST_ONCE"

    @property
    def rule(self):
        """What becomes of an occurrence that meets another one; None: both are called."""
        return self.body.get("overlap")

    @property
    def max_runs(self):
        return self.body.get("max_runs")


def draw_schedule(rng):
    return rng.choice((model.every_second(), model.each(2), model.each(3), model.every(rng.randint(1, 3)),
                       model.once(int(time.time()) + rng.randint(2, 8)))).text


def draw_patch(rng, living):
    """Mostly another schedule; else something that leaves the job's time alone."""
    if rng.random() < 0.6:
        return {"schedule": draw_schedule(rng)}
    if living.at_most_once:
        return {"timeout_ms": rng.randint(5, 60) * 1000}
    return {"retry": rng.choice((model.SOON, LATE, {**model.SOON, "max_attempts": 3}))}


class Changer(Crew):
    """Posts the living jobs, changes them until it is stopped, and deletes them."""

    def __init__(self, stack, seed):
        super().__init__()
        self.stack, self.seed = stack, seed
        self.jobs = [self.make(number) for number in range(JOBS)]

    def make(self, number):
        """Every other one has a name, and all kinds come with both types, at each target, mortal or not. Behind these come such as
        have a rule for overlaps, at targets that keep calls waiting, and such as are called so many times, and never deleted."""
        extra = number - ORDINARY
        target = TARGETS[number // 2 % len(TARGETS)] if extra < 0 else ("slow", "flaky")[extra // 2 % 2]
        body = {"schedule": "* * * * * *", "api": self.stack.url(target, f"/living/{number}"), "type": TYPES[number % 2],
                **proofs.fields_of(number)}
        if number // 8 % 2:
            body["name"] = f"living {number}"
        if body["type"] == "ATLEAST_ONCE":
            body["retry"] = LATE if target == "flaky" else model.SOON
        if extra >= 0 and extra < 12:
            body["overlap"] = RULES[extra // 4]
        elif extra >= 0:
            body["max_runs"] = MAX_RUNS
        mortal = number // 16 != 1 if extra < 0 else extra < 12
        return Living(number, body["type"], target, body, mortal)

    def post_all(self):
        """Before the first fault: an id stays what it is, whatever becomes of the job."""
        for living in self.jobs:
            answer = self.stack.http.post(living.body)
            assert answer.status == 201, answer
            living.id = answer.json["job_id"].removeprefix("capi:")

    def start(self):
        self.set_to_work(*(partial(self._client, n) for n in range(CLIENTS)))

    def delete_all(self, timeout=60):
        """Each until the answer is that it is gone."""
        until = time.monotonic() + timeout
        for living in self.jobs:
            while not is_gone(self.request(living, DELETE, last=True)) and time.monotonic() < until:
                time.sleep(0.2)

    # --- one request ---

    def request(self, living, kind, change=None, last=False):
        sent = int(time.time() * 1000)
        answer = self._send(living, kind, change)
        instant = int(answer.json["execution_id"].split(":")[2]) if kind == RUN and answer.status == 202 else None
        done = Change(kind, sent, int(time.time() * 1000), answer.status, instant, last)
        living.changes.append(done)
        return done

    def _send(self, living, kind, change):
        http, name = self.stack.http, f"capi:{living.id}"
        if kind == POST:
            return http.post(living.body)
        if kind == PATCH:
            return http.patch(name, change)
        if kind == DELETE:
            return http.delete(name)
        return {PAUSE: http.pause, RESUME: http.resume, RUN: http.run}[kind](name)

    # --- many ---

    def _client(self, number):
        """Each client has jobs of its own, so that the requests for one job are sent one after the other."""
        rng, mine = random.Random(f"{self.seed}/living/{number}"), self.jobs[number::CLIENTS]
        while not self.over.wait(draw_pause(rng)):
            living = rng.choice(mine)
            if rng.random() < 0.25:
                self._burst(rng, living)
                continue
            kind = self._draw_kind(rng, living)
            self.request(living, kind, draw_patch(rng, living) if kind == PATCH else None)

    def _burst(self, rng, living):
        """Several requests as fast as they go, begun just before a full second."""
        weights = [weight if living.mortal or DELETE not in kinds else 0 for weight, _, kinds in BURSTS]
        _, ahead, kinds = rng.choices(BURSTS, weights)[0]
        if self.over.wait((-rng.uniform(*ahead) - time.time()) % 1):
            return
        for kind in kinds:
            self.request(living, kind, {"schedule": draw_schedule(rng)} if kind == PATCH else None)

    @staticmethod
    def _draw_kind(rng, living):
        kinds = {kind: weight for kind, weight in KINDS.items() if living.mortal or kind != DELETE}
        if living.changes and (is_gone(living.changes[-1]) or living.changes[-1].status == NOT_FOUND):
            kinds[POST] *= 5
        return rng.choices(list(kinds), kinds.values())[0]


def is_gone(change):
    """Does the answer say that at this moment there was no such job?"""
    return change.kind == DELETE and change.status in (204, NOT_FOUND)


def draw_pause(rng):
    """Seconds until the next request: at any time, or where it matters most, around the full second at which schedules fire."""
    if rng.random() < 0.5:
        return rng.uniform(0, 0.3)
    return (rng.uniform(-0.2, 0.06) - time.time()) % 1


def write_down(jobs, path):
    """All requests, for a look: one a line."""
    with open(path, "w", encoding="utf-8") as file:
        for living in jobs:
            for change in living.changes:
                file.write(json.dumps({"job": living.number, "id": living.id, **vars(change)}) + "\n")
