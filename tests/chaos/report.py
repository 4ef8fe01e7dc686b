"""The table at the end of a run, and how long the stack took to be on time again."""
from collections import Counter
from dataclasses import dataclass

from living import KINDS
from living_checks import silences

SHOWN = 6  # violations of one kind


@dataclass
class Calm:
    """What came before a calm: one fault alone, after a storm. When it began and ended (ms); until: the end of the calm."""
    fault: str
    injected: int
    healed: int
    until: int


def late_arrivals(run):
    """When calls of well-behaved targets came in that were late by Redis' clock, whichever of its steps is taken into account."""
    arrivals = []
    for job, stored in run.whole_jobs():
        if job.target in run.good:
            for instant in run.due(job, stored):
                calls = run.calls.get((stored.id, instant))
                first = min(call.at for call in calls) if calls else 0
                if first - instant > run.on_time and first + min(run.offsets(first)) - instant > run.on_time:
                    arrivals.append(first)
    return sorted(arrivals)


def recoveries(run, calms):
    """For each calm: how long after the fault was healed, and after it began, the last late call came in (s); and the fault."""
    late = late_arrivals(run)
    found = []
    for calm in calms:
        last = max([at for at in late if calm.injected < at <= calm.until], default=None)
        since = [max(0, last - at) / 1000 if last is not None else 0 for at in (calm.healed, calm.injected)]
        found.append((*since, calm.fault))
    return found


def figures(run):
    """What happened to all occurrences."""
    count = Counter()
    for job, stored in run.whole_jobs():
        kind = "at most once" if job.at_most_once else "at least once"
        for instant in run.due(job, stored):
            calls = len(run.calls.get((stored.id, instant), ()))
            records = run.records.get((stored.id, instant), ())
            count["occurrences due"] += 1
            count["called once"] += calls == 1
            count[f"called more than once ({kind})"] += calls > 1
            count["not called"] += calls == 0
            if any(record.outcome == "l" for record in records):
                count[f"with a lost attempt ({kind})"] += 1
    for gaps in run.missed().values():
        count["missed"] += sum(gap.count for gap in gaps)
    count["dead"] = len(run.left.dead)
    return count


ROWS = ("occurrences due", "called once", "called more than once (at most once)", "called more than once (at least once)",
        "not called", "with a lost attempt (at most once)", "with a lost attempt (at least once)", "missed", "dead")


def changes(run):
    """What was done to the living jobs: (kind of request; how many were sent, done, refused, and without an answer that says)."""
    count = Counter()
    for living in run.living:
        for change in living.changes:
            count[change.kind, "sent"] += 1
            count[change.kind, "lost" if change.lost else "done" if change.status < 300 else "refused"] += 1
    return [(kind, *(count[kind, how] for how in ("sent", "done", "refused", "lost"))) for kind in KINDS]


def print_living(run, say=print):
    say(f"changes of {len(run.living)} living jobs, which were called {sum(map(len, run.living_requests.values())):,} times")
    for kind, sent, done, refused, lost in changes(run):
        say(f"  {sent:>9,}  {kind}: {done:,} done, {refused:,} refused, {lost:,} without an answer that says")
    silent = sum(1 for living in run.living for _ in silences(living))
    say(f"  {silent:>9,}  times in which nothing might be called")


def print_table(run, calms, faults, say=print):
    count, recovered = figures(run), recoveries(run, calms)
    say("\noccurrences")
    for row in ROWS:
        say(f"  {count[row]:>9,}  {row}")
    say("jobs")
    say(f"  {len(run.jobs):>9,}  posted")
    say(f"  {sum(job.acknowledged for job in run.jobs):>9,}  acknowledged")
    say(f"  {len(run.stored):>9,}  stored")
    print_living(run, say)
    say("faults")
    for kind, times in sorted(faults.items()):
        say(f"  {times:>9,}  {kind}")
    say("seconds from the end and from the beginning of a fault to the last late call")
    for healed, injected, fault in sorted(recovered, reverse=True):
        say(f"  {healed:>9.1f} {injected:>6.1f}  {fault}")
    return count, max(recovered, default=(0, 0, "no fault"))


def print_violations(found, titles, say=print):
    """Each check with how it went, and for what went wrong the first few cases of each kind."""
    for number, violations in found.items():
        say(f"{'FAILED' if violations else 'ok':>6}  check {number}: {titles[number]}")
        for what, times in Counter(violation.what for violation in violations).most_common():
            say(f"          {times} × {what}")
            for violation in [v for v in violations if v.what == what][:SHOWN]:
                say(f"              {violation.evidence[:1200]}")
