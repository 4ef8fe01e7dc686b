"""Jobs: a base that is posted before the first fault, and more of them all the while, through nginx, with and without luck.

What each POST was answered is remembered; what was not answered with 201 is posted again by some clients and left alone by others.
"""
import queue
import random
import threading
import time
from functools import partial

import model
from crew import Crew
from model import Job

GOOD = ("good0", "good1", "good2", "good3")
TYPES = ("ATMOST_ONCE", "ATLEAST_ONCE")

# How many jobs, which schedule, at which targets. Those that keep a call waiting for 90 s come seldom: what is in flight is bounded.
BASE = [
    (100, lambda rng: model.every_second(), GOOD),
    (90, lambda rng: model.each(2), GOOD),
    (60, lambda rng: model.each(rng.choice((3, 5, 7))), GOOD),
    (60, lambda rng: model.every(rng.randint(2, 4)), GOOD),
    (60, lambda rng: model.at_seconds(*rng.sample(range(60), 6)), GOOD),
    (20, lambda rng: model.each(2), ("slow",)),
    (30, lambda rng: model.each(3), ("flaky",)),
    (20, lambda rng: model.every_second(), ("kept",)),
    (12, lambda rng: model.each(2), ("hasty",)),
    (6, lambda rng: model.each(5), ("reset",)),
    (6, lambda rng: model.each(10), ("error",)),
    (6, lambda rng: model.each(10), ("busy",)),
    (6, lambda rng: model.each(10), ("loop",)),
    (6, lambda rng: model.each(10), ("refused",)),
    (6, lambda rng: model.each(10), ("astray",)),
    (4, lambda rng: model.each(20), ("headers", "flood")),
    (10, lambda rng: model.every(rng.randint(25, 35)), ("hang", "trickle", "header", "body")),
]


class Workload(Crew):
    def __init__(self, stack, seed):
        super().__init__()
        self.stack, self.rng = stack, random.Random(f"{seed}/workload")
        self.jobs, self.lock, self.queue = [], threading.Lock(), queue.Queue()

    def make(self, schedule, target):
        with self.lock:
            number = len(self.jobs)
            job = Job(number, schedule, TYPES[number % 2], target, self.stack.url(target, f"/job/{number}"))
            self.jobs.append(job)
        return job

    def post(self, job):
        sent = int(time.time() * 1000)
        answer = self.stack.http.post(job.body)
        with self.lock:
            job.posts.append((sent, int(time.time() * 1000), answer.status, answer.body[:300]))
            if answer.status == 201:
                job.id = answer.json["job_id"].removeprefix("capi:")
        return answer.status == 201

    def post_base(self):
        """What runs all the time. Nothing disturbs it yet, so all of it has to be taken in."""
        for count, schedule, targets in BASE:
            for n in range(count):
                job = self.make(schedule(self.rng), targets[n // 2 % len(targets)])
                assert self.post(job), (job.body, job.posts)

    @property
    def per_second(self):
        return sum(job.schedule.per_second for job in self.jobs)

    # --- meanwhile ---

    def start(self, per_second=2, clients=4):
        """So many new jobs a second, posted by one of several clients, since one may have to wait for its answer."""
        self.set_to_work(*[self._client] * clients, partial(self._invent, 1 / per_second))

    def _invent(self, each):
        while not self.over.wait(self.rng.uniform(0, 2 * each)):
            if self.rng.random() < 0.2 * each:
                schedule = model.every(self.rng.randint(25, 40))
            else:
                # far enough ahead that a Redis whose clock is fast does not find it past
                schedule = model.once(int(time.time()) + self.rng.randint(24, 45))
            job = self.make(schedule, self.rng.choice(GOOD))
            self.queue.put((job, self.rng.choice(("once", "stubborn", "twice"))))

    @staticmethod
    def is_past(job):
        return job.schedule.kind == model.ONCE and job.schedule.at < time.time() * 1000 + 2000

    def _client(self):
        while not self.over.is_set():
            try:
                job, habit = self.queue.get(timeout=0.2)
            except queue.Empty:
                continue
            taken = self.post(job)
            while habit == "stubborn" and not taken and not self.is_past(job) and not self.over.wait(1):
                taken = self.post(job)
            if habit == "twice":
                self.post(job)
