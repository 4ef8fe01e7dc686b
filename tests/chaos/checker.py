"""Compares what must have been called, by the schedules alone, with what was. Pure functions on plain data.

The promises, by number:
    1  at most once: 0 or 1 calls, and exactly one record: succeeded, failed, lost or missed
    2  at least once: 1 or more calls with one Idempotency-Key until one succeeded; or in `dead`, after 6 attempts
    3  nothing was called that was not scheduled, nor before its time
    4  history and the targets' log agree
    5  after the last fault everything is on time again within 15 s
    6  every acknowledged job exists, every other one wholly or not at all
    7  no claim, no retry, no heartbeat is left behind, and every job is on its way to its next instant
    8… what is promised of jobs that are changed meanwhile: see living_checks.py
   14… what calls and requests prove themselves by: see proofs.py

Redis' clock rules. Where it was stepped, an instant of this machine's clock is translated by `steps`: (from when on, offset).
"""
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field, replace

import model
from living_checks import check_living
from verdict import Violation

ATTEMPTS = 6
GRACE = 60_000  # at most once: what is later is missed
RECOVERED = 15_000  # after the last fault
ON_TIME = 1000
HOPS = 5
EARLY = 20  # the target's clock and Redis' are read by different programs
KNOWS_CLOCK = 6000  # as long as a lease a runner may go by the clock that Redis had before
CLOCK_SLACK = 1000  # between a POST's sending and answer, and the `created` that the job has
ORPHANED = 15_000  # how long a POST may wait in the handlers' socket after its client has given up
ASLEEP = 400  # a runner's own lease ends half a second before Redis' does
KEPT_HISTORY = 200


@dataclass
class Run:
    """Everything that is known of a run. calms: (last fault healed, end of the calm), stopped: when the runners were told to end."""
    jobs: list  # model.Job
    requests: list
    left: object
    stopped: int
    calms: list = field(default_factory=list)
    good: tuple = ()  # the names of targets that answer at once
    steps: list = field(default_factory=lambda: [(0, 0)])
    on_time: int = ON_TIME
    living: list = field(default_factory=list)  # living.Living: whatever there is of these is judged by check_living alone
    keeper: object = None  # proofs.Keeper, which has looked at all requests

    def __post_init__(self):
        self.set_living_apart()
        self.step_times = [when for when, _ in self.steps]
        self.by_api = {job.api: job for job in self.jobs}
        self.stored = {}  # number → StoredJob
        for stored in self.left.jobs.values():
            if stored.fields.get("api") in self.by_api:
                self.stored[self.by_api[stored.fields["api"]].number] = stored
        self.by_id = {stored.id: self.jobs[number] for number, stored in self.stored.items()}
        self.calls, self.records = defaultdict(list), defaultdict(list)
        for request in self.requests:
            if not request.hop:
                self.calls[request.job, request.scheduled].append(request)
        for record in self.left.records:
            self.records[record.job, record.scheduled].append(record)

    def set_living_apart(self):
        self.living_requests = {living.id: [] for living in self.living}
        self.living_records = {living.id: [] for living in self.living}
        for record in self.left.records:
            if record.job in self.living_records:
                self.living_records[record.job].append(record)
        for request in self.requests:
            if request.job in self.living_requests:
                self.living_requests[request.job].append(request)
        self.requests = [request for request in self.requests if request.job not in self.living_requests]
        self.left = replace(self.left, jobs={name: job for name, job in self.left.jobs.items() if name not in self.living_requests},
                            records=[record for record in self.left.records if record.job not in self.living_requests])

    def offsets(self, at):
        """All offsets that a runner may have gone by at this moment."""
        first = max(0, bisect_right(self.step_times, at - KNOWS_CLOCK) - 1)
        return [offset for _, offset in self.steps[first:bisect_right(self.step_times, at + 100)]]

    def reached(self, at, attempt):
        """What time it may have been, by Redis, for the runner that made that attempt. An occurrence that has been begun stays so, even if
        Redis' clock is set back then: for its later attempts the latest time counts that there ever was."""
        if attempt == 1:
            return at + max(self.offsets(at))
        ends = [end + KNOWS_CLOCK for end in self.step_times[1:]] + [at]
        return max(min(end, at) + offset for (when, offset), end in zip(self.steps, ends) if when <= at + 100)

    def due(self, job, stored):
        """What must have been dealt with: all instants before the next one, as Redis has it, which has to lie ahead (check 7).
        Something that happens once, and for which Redis has no instant any more, has happened."""
        if stored.due is not None:
            until = stored.due - 1
        else:
            until = max(job.schedule.at, self.stopped + self.offsets(self.stopped)[-1])
        return job.schedule.instants(stored.created, until)

    def whole_jobs(self):
        """Those whose instants can be told: acknowledged or not, they are there."""
        return [(self.jobs[number], stored) for number, stored in self.stored.items() if stored.whole]

    def missed(self):
        """{job: [gap]}"""
        gaps = defaultdict(list)
        for record in self.left.records:
            if record.outcome == "m":
                gaps[record.job].append(record)
        return gaps


def show(run, name, instant):
    """One occurrence, with all that is known of it."""
    calls = "; ".join(f"{c.at - instant:+d} ms attempt {c.attempt} at {c.target} connection {c.connection}/{c.nth}"
                      for c in run.calls.get((name, instant), ()))
    records = "; ".join(f"{r.recorded} {r.text.decode(errors='replace')}" for r in run.records.get((name, instant), ()))
    job = run.by_id.get(name)
    what = f"job {job.number} {job.type} {job.schedule.text!r} at {job.target}" if job else "unknown job"
    return f"{what} {name[:16]}… instant {instant} calls [{calls}] records [{records}]"


def check_at_most_once(run, job, stored, gaps):
    for instant in run.due(job, stored):
        calls, records = run.calls.get((stored.id, instant), ()), run.records.get((stored.id, instant), ())
        covering = [gap for gap in gaps if gap.scheduled <= instant <= gap.until and gap.scheduled != instant]
        if len(calls) > 1:
            yield Violation(1, "at most once, called more than once", show(run, stored.id, instant))
        if len(records) + len(covering) != 1:
            what = "at most once, no record" if not records and not covering else "at most once, more than one record"
            yield Violation(1, what, show(run, stored.id, instant))
        elif covering and calls:
            yield Violation(4, "recorded as missed, and called", show(run, stored.id, instant))


def check_at_least_once(run, job, stored, gaps):
    for instant in run.due(job, stored):
        calls, records = run.calls.get((stored.id, instant), ()), run.records.get((stored.id, instant), ())
        if len({call.key for call in calls}) > 1:
            yield Violation(2, "at least once, with different keys", show(run, stored.id, instant))
        dead = (stored.id, instant) in run.left.dead
        if not calls and not dead:
            missed = any(gap.scheduled <= instant <= gap.until for gap in gaps)
            yield Violation(2, f"at least once, never called{' (missed)' if missed else ''}", show(run, stored.id, instant))
        elif not dead and not any(record.outcome == "s" for record in records):
            yield Violation(2, "at least once, neither succeeded nor dead", show(run, stored.id, instant))
        elif dead and not any(record.attempt == ATTEMPTS or is_forbidden(job, record) for record in records):
            yield Violation(2, "dead before its attempts were spent", show(run, stored.id, instant))


def is_forbidden(job, record):
    """Of what leads where no call may go, one attempt is enough."""
    return job.target == "astray" and record.error.startswith("forbidden")


def check_gap(run, job, stored, gap):
    """A record that stands for a gap: of that job's instants, as many as it says, and all of them too late to be called."""
    instants = list(job.schedule.instants(stored.created, gap.until, gap.scheduled))
    if len(instants) != gap.count or not job.schedule.has(gap.scheduled, stored.created):
        yield Violation(1, "a gap that is miscounted", show(run, stored.id, gap.scheduled))
    elif job.at_most_once and gap.recorded - gap.until <= GRACE:
        yield Violation(1, "missed, though it was not too late to call", show(run, stored.id, gap.scheduled))


def check_occurrences(run):
    missed = run.missed()
    for job, stored in run.whole_jobs():
        gaps = missed.get(stored.id, [])
        check = check_at_most_once if job.at_most_once else check_at_least_once
        yield from check(run, job, stored, gaps)
        for gap in gaps:
            yield from check_gap(run, job, stored, gap)


def check_ghosts(run):
    hops = defaultdict(int)
    for request in run.requests:
        job, stored = run.by_id.get(request.job), run.left.jobs.get(request.job)
        if request.hop:
            hops[request.job, request.scheduled, request.attempt] += 1
        wrong = None
        if job is None or not stored.whole:
            wrong = "a call for a job that does not exist"
        elif not job.schedule.has(request.scheduled, stored.created):
            wrong = "a call for an instant that is none of the job's"
        elif request.target != job.target or not (request.hop or job.api.endswith(request.path)):
            wrong = "a call to another target than the job's"
        elif not 1 <= request.attempt <= (1 if job.at_most_once else ATTEMPTS):
            wrong = "a call with an attempt that cannot be"
        elif request.key != f"{request.job}-{request.scheduled}":
            wrong = "a call with another key than its occurrence's"
        elif run.reached(request.at, request.attempt) < request.scheduled - EARLY:
            wrong = "a call before its instant"
        elif hops[request.job, request.scheduled, request.attempt] > HOPS * (1 if job.at_most_once else 2):
            wrong = "more redirects followed than there may be"
        if wrong:
            yield Violation(3, wrong, f"{request} {show(run, request.job, request.scheduled)}")
    for record in run.left.records:
        job, stored = run.by_id.get(record.job), run.left.jobs.get(record.job)
        if job is None or not job.schedule.has(record.scheduled, stored.created):
            yield Violation(3, "a record of something that was never due", show(run, record.job, record.scheduled))


def check_history(run):
    """Both ways: each record that says so has a request, each request has a record; and the two places for records agree."""
    called, recorded = defaultdict(int), defaultdict(int)
    for request in run.requests:
        if not request.hop:
            called[request.job, request.scheduled, request.attempt] += 1
    of_job = defaultdict(list)
    for record in run.left.records:
        of_job[record.job].append(record.text)
        attempt = record.job, record.scheduled, record.attempt
        if record.outcome == "m":
            if run.calls.get(attempt[:2]):
                yield Violation(4, "recorded as missed, and called", show(run, record.job, record.scheduled))
            continue
        recorded[attempt] += 1
        if recorded[attempt] > 1:
            yield Violation(4, "one attempt, two records", show(run, record.job, record.scheduled))
        if (record.outcome == "s" or record.status) and attempt not in called:
            yield Violation(4, "a record of a call that no target has seen", show(run, record.job, record.scheduled))
    for attempt in called:
        if attempt not in recorded:
            yield Violation(4, "a call without a record", show(run, *attempt[:2]))
    for stored in run.left.jobs.values():
        if stored.history != of_job[stored.id][:-KEPT_HISTORY - 1:-1]:
            yield Violation(4, "the job's history is not the feed's", f"{stored.id} {len(stored.history)} records")


def check_asleep(run):
    """Whoever was taken for dead sends nothing any more: after the record that an attempt is lost, that attempt is not made."""
    for record in run.left.records:
        for call in run.calls.get((record.job, record.scheduled), ()) if record.outcome == "l" else ():
            if call.attempt == record.attempt and call.at + min(run.offsets(call.at)) > record.recorded + ASLEEP:
                yield Violation(4, "called after it was recorded as lost", show(run, record.job, record.scheduled))


def check_on_time(run):
    for job, stored in run.whole_jobs():
        if job.target not in run.good:
            continue
        for began, ended in run.calms:
            for instant in job.schedule.instants(stored.created, ended - run.on_time, began + RECOVERED):
                yield from check_lateness(run, stored, instant)


def check_lateness(run, stored, instant):
    calls = run.calls.get((stored.id, instant))
    if not calls:
        yield Violation(5, "not called, long after the last fault", show(run, stored.id, instant))
    elif min(call.at for call in calls) - instant > run.on_time:
        yield Violation(5, "late, long after the last fault", show(run, stored.id, instant))


def was_posted(post, created):
    """May that POST have made a job at this instant? One without an answer may wait for a handler to come back."""
    sent, answered, status, _ = post
    return sent - CLOCK_SLACK <= created <= answered + (CLOCK_SLACK if status == 201 else ORPHANED)


def check_jobs(run):
    known = {}
    for job in run.jobs:
        stored = run.stored.get(job.number)
        if job.acknowledged and (stored is None or not stored.whole):
            yield Violation(6, "acknowledged, and not there", f"job {job.number} {job.id} {job.body} {job.posts}")
        if stored is None:
            continue
        known[stored.id] = job
        fields = {name: stored.fields.get(name) for name in job.fields}
        if fields != job.fields or (job.id and job.id != stored.id):
            yield Violation(6, "stored as something else", f"{job.body} {job.id} {stored}")
        elif not any(was_posted(post, stored.created - offset) for post in job.posts for offset in run.offsets(post[1])):
            yield Violation(6, "created at another time than it was posted",
                            f"job {job.number} {stored.id} created {stored.created} posts {job.posts}")
    for stored in run.left.jobs.values():
        if stored.id not in known or not stored.whole:
            yield Violation(6, "half a job", f"{stored}")
        elif stored.due is None and not stored.history:
            yield Violation(6, "stored, and never due", f"{stored} posts {known[stored.id].posts}")


def check_left_behind(run):
    for name in ("claims", "retries", "holders", "runners", "broken"):
        for entry in getattr(run.left, name):
            yield Violation(7, f"left behind in {name}", f"{entry}")
    now = run.stopped + run.offsets(run.stopped)[-1]
    for job, stored in run.whole_jobs():
        if stored.due is None and job.schedule.kind != model.ONCE:
            yield Violation(7, "a job that will never be called again", f"job {job.number} {stored.id} {job.body}")
        elif stored.due is not None and not job.schedule.has(stored.due, stored.created):
            yield Violation(7, "a job that is due at an instant that is none of its own", f"job {job.number} {stored}")
        elif stored.due is not None and stored.due < now - run.on_time:
            yield Violation(7, "a job that was forgotten", f"job {job.number} {stored.id} due {stored.due}, it is {now}")


def check_proofs(run):
    return run.keeper.check() if run.keeper is not None else ()


CHECKS = (check_occurrences, check_ghosts, check_history, check_asleep, check_on_time, check_jobs, check_left_behind,
          check_living, check_proofs)


def check(run):
    """All violations, by the number of the promise."""
    found = {number: [] for number in (*range(1, 13), 14, 15)}
    for one in CHECKS:
        for violation in one(run):
            found[violation.check].append(violation)
    return found
