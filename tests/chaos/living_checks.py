"""What is proved of the living jobs (living.py), from the targets' log, the requests for changes and what is left in Redis at the end.

     8  at most once: no instant is called twice, whatever is done to the job; deleted and posted again, too
     9  after an acknowledged DELETE or pause nothing is called, until a client asks for it
    10  every acknowledged manual run is called, at least once
    11  of a deleted job nothing is left
    12  a job with max_runs is called no more often by its schedule, and a rule for overlaps does not let two records have one id

A request that was answered with 5xx or not at all may have been done at any time from its sending on, or never.
"""
from collections import defaultdict

from living import DELETE, PAUSE, POST, RESUME, is_gone
from verdict import Violation

LEAD = 30  # a call is started so long before its instant, and leaves then in any case
EARLY = 20  # the target's clock and Redis' are read by different programs
UNDER_WAY = 6000  # what was started has left by then: a runner sends only while its lease of 5 s is valid
ORPHANED = 15_000  # how long a request may wait for a handler after its client has given up
SECOND = 1000  # schedules fire at full seconds, manual runs never


def calls_of(run, living):
    """{instant: [request]}"""
    calls = defaultdict(list)
    for request in run.living_requests[living.id]:
        calls[request.scheduled].append(request)
    return calls


def check_living(run):
    for living in run.living:
        calls = calls_of(run, living)
        if living.at_most_once:
            yield from check_once(run, living, calls)
        elif living.rule is None:  # else what was asked for may have been skipped, or cancelled
            yield from check_runs(run, living, calls)
        if living.max_runs:
            yield from check_max_runs(run, living, calls)
        yield from check_records(run, living)
        yield from check_forbidden(run, living)
        yield from check_gone(run, living)


def show(living, instant, calls):
    """One occurrence, and what was done to its job around that time."""
    around = [change for change in living.changes if instant - 20_000 < change.sent < instant + 20_000]
    changes = "; ".join(f"{c.kind} {c.sent - instant:+d}…{c.answered - instant:+d} {c.status or 'no answer'}" for c in around)
    told = "; ".join(f"{c.at - instant:+d} ms attempt {c.attempt} at {c.target}" for c in calls)
    return f"living {living.number} {living.type} {living.id[:16]}… instant {instant} calls [{told}] changes [{changes}]"


def check_once(run, living, calls):
    for instant, made in calls.items():
        if len(made) > 1:
            yield Violation(8, "a living job, at most once, called more than once", show(living, instant, made))


def check_max_runs(run, living, calls):
    """Of a job that is never deleted. Runs by hand do not count."""
    instants = sorted(instant for instant in calls if instant % SECOND == 0)
    if len(instants) > living.max_runs:
        yield Violation(12, "called more often than max_runs", show(living, instants[-1], calls[instants[-1]]))


def check_records(run, living):
    """One record of each attempt, whichever job of the id it was of."""
    seen = set()
    for record in run.living_records[living.id]:
        attempt = record.scheduled, record.attempt
        if attempt in seen and record.outcome != "m":
            yield Violation(12, "two records of one attempt", f"{show(living, record.scheduled, [])} {record.text}")
        seen.add(attempt)


# --- what is forbidden ---


def may_work_until(change):
    return change.answered + (ORPHANED if change.lost else 0)


def forbids(change):
    return is_gone(change) or change.kind == PAUSE and change.status == 200


def allows(change, forbidden):
    """May this request have a job called again after that one? What is deleted has to be posted again. What is paused has to be
    resumed, or deleted and posted again; a change leaves it paused."""
    return change.kind == POST or change.kind == RESUME and forbidden.kind == PAUSE


def silences(living):
    """All times in which the job must not be called: (the request that was acknowledged, until when; None: to the end)."""
    for forbidden in filter(forbids, living.changes):
        permits = [change for change in living.changes if allows(change, forbidden)]
        if not any(p.sent <= forbidden.answered and may_work_until(p) >= forbidden.sent for p in permits):
            yield forbidden, min((p.sent for p in permits if p.sent > forbidden.answered), default=None)


def check_forbidden(run, living):
    requests = run.living_requests[living.id]
    for forbidden, until in silences(living):
        for call in requests:
            if call.at <= forbidden.answered or until is not None and call.at >= until:
                continue
            if forbidden.kind == PAUSE and call.scheduled % SECOND:
                continue  # by hand: also while it is paused
            what = "a DELETE" if forbidden.kind == DELETE else "a pause"
            if call.scheduled > run.reached(forbidden.answered, attempt=2) + LEAD + EARLY:
                yield Violation(9, f"called for an instant after {what}", show(living, call.scheduled, [call]))
            elif call.at > forbidden.answered + UNDER_WAY:
                yield Violation(9, f"called long after {what}", show(living, call.scheduled, [call]))


# --- what was asked for ---


def check_runs(run, living, calls):
    deletes = [change for change in living.changes if change.kind == DELETE and not change.last]
    for change in living.changes:
        if change.instant is None or change.instant in calls or (living.id, change.instant) in run.left.dead:
            continue
        if not any(may_work_until(delete) >= change.sent for delete in deletes):
            yield Violation(10, "a manual run that was acknowledged, and never called", show(living, change.instant, []))


# --- what is left ---


def check_gone(run, living):
    if not living.changes or not is_gone(living.changes[-1]):
        yield Violation(11, "a living job that could not be deleted", show(living, run.stopped, []))
    for where in run.left.traces.get(living.id, ()):
        yield Violation(11, "something of a deleted job is left", f"living {living.number} {living.id}: {where}")
