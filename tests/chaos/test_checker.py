"""The checker is tested like any judge: with cases that are known. Good evidence passes, and each kind of violation that is planted
in it is named. Fast, and without a stack, so that `make test` runs it."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import checker  # noqa: E402
import evidence  # noqa: E402
import model  # noqa: E402
import report  # noqa: E402
from evidence import Record, Request, StoredJob  # noqa: E402

MINUTE = 1_800_000_000_000  # a full minute
CREATED, STOPPED = MINUTE + 3500, MINUTE + 40_000
SCHEDULES = (model.every_second(), model.each(7), model.at_seconds(3, 17, 38), model.every(4), model.once(MINUTE // 1000 + 9))


def job_id(number):
    return f"{number:064x}"


class World:
    """Six seconds' work of a perfect scheduler, and ways to spoil it: each job of each schedule and type, all on time."""

    def __init__(self):
        self.jobs, self.requests, self.left = [], [], evidence.Left()
        for number in range(2 * len(SCHEDULES)):
            self.add_job(number, SCHEDULES[number // 2], ("ATMOST_ONCE", "ATLEAST_ONCE")[number % 2])

    def add_job(self, number, schedule, kind):
        job = model.Job(number, schedule, kind, "good", f"http://127.0.0.1:1/job/{number}", id=job_id(number))
        job.posts.append((CREATED - 3, CREATED + 3, 201, b""))
        stored = StoredJob(job.id, {**job.body, "created": str(CREATED)})
        self.jobs.append(job)
        self.left.jobs[job.id] = stored
        for instant in schedule.instants(CREATED, STOPPED):
            self.call(job, instant)
            self.record(job, instant)
        stored.due = next(schedule.instants(CREATED, STOPPED + 60_000, STOPPED + 1), None)

    def call(self, of, instant, attempt=1, late=4, **other):
        fields = {"at": instant + late, "target": "good", "connection": 1, "nth": 0, "path": f"/job/{of.number}",
                  "job": of.id, "scheduled": instant, "attempt": attempt, "key": f"{of.id}-{instant}", **other}
        self.requests.append(Request(**fields))

    def record(self, job, instant, outcome="s", attempt=1, **other):
        text = f"o:{outcome} s:{instant} a:{attempt} {other}".encode()
        fields = {"recorded": instant + 9, "status": 200 if outcome == "s" else 0, **other}
        self.left.records.append(Record(job.id, fields.pop("recorded"), outcome, instant, attempt, text=text, **fields))
        self.left.jobs[job.id].history.insert(0, text)

    # what tests take hold of

    def job(self, kind, schedule=model.SECONDS):
        return next(job for job in self.jobs if job.type == kind and job.schedule.kind == schedule)

    def instant(self, job, nth=5):
        return list(job.schedule.instants(CREATED, STOPPED))[nth]

    def take_calls(self, job, instant):
        self.requests = [r for r in self.requests if (r.job, r.scheduled) != (job.id, instant)]

    def take_records(self, job, instant):
        texts = [r.text for r in self.left.records if (r.job, r.scheduled) == (job.id, instant)]
        self.left.records = [r for r in self.left.records if (r.job, r.scheduled) != (job.id, instant)]
        stored = self.left.jobs[job.id]
        stored.history = [text for text in stored.history if text not in texts]

    def run(self, calms=(), **settings):
        return checker.Run(self.jobs, self.requests, self.left, STOPPED, calms, ("good",), **settings)

    def found(self, **settings):
        """{number: what was found}, without the numbers of which nothing was."""
        found = checker.check(self.run(**settings))
        return {number: {violation.what for violation in violations} for number, violations in found.items() if violations}


MOST, LEAST = "ATMOST_ONCE", "ATLEAST_ONCE"


def spoil(kind):
    """A world, a job of that type, and one of its instants."""
    world = World()
    job = world.job(kind)
    return world, job, world.instant(job)


def test_perfect_world_has_no_violation():
    assert World().found(calms=[(MINUTE + 5000, STOPPED)]) == {}


# --- losses -----------------------------------------------------------------------------------------------------------


def test_loss_of_an_at_most_once_occurrence_is_found():
    world, job, instant = spoil(MOST)
    world.take_calls(job, instant)
    world.take_records(job, instant)
    assert world.found() == {1: {"at most once, no record"}}


def test_loss_of_an_at_least_once_occurrence_is_found():
    world, job, instant = spoil(LEAST)
    world.take_calls(job, instant)
    world.take_records(job, instant)
    assert world.found() == {2: {"at least once, never called"}}


def test_retry_that_was_forgotten_is_found():
    world, job, instant = spoil(LEAST)
    world.take_records(job, instant)
    world.record(job, instant, "f", status=500)
    assert 2 in world.found()
    assert world.found()[2] == {"at least once, neither succeeded nor dead"}


def test_dead_counts_only_after_six_attempts():
    world, job, instant = spoil(LEAST)
    world.take_records(job, instant)
    world.left.dead.add((job.id, instant))
    world.record(job, instant, "f", status=500)
    assert world.found()[2] == {"dead before its attempts were spent"}
    for attempt in range(2, 7):
        world.call(job, instant, attempt)
        world.record(job, instant, "f", attempt, status=500)
    world.left.jobs[job.id].history.sort(key=lambda text: -next(
        n for n, r in enumerate(world.left.records) if r.text == text))
    assert 2 not in world.found()


def test_missed_is_no_excuse_at_least_once():
    world, job, instant = spoil(LEAST)
    world.take_calls(job, instant)
    world.take_records(job, instant)
    world.record(job, instant, "m", 0, until=instant, count=1, recorded=instant + 70_000)
    assert world.found()[2] == {"at least once, never called (missed)"}


def test_lost_failed_and_missed_are_allowed_at_most_once():
    world, job, _ = spoil(MOST)
    lost, refused, missed = (world.instant(job, nth) for nth in (4, 6, 8))
    for instant in (lost, refused, missed):
        world.take_calls(job, instant)
        world.take_records(job, instant)
    world.record(job, lost, "l")
    world.record(job, refused, "f")
    world.record(job, missed, "m", 0, until=missed, count=1, recorded=missed + 60_010)
    assert 1 not in world.found() and 4 not in world.found()


# --- duplicates -------------------------------------------------------------------------------------------------------


def test_duplicate_at_most_once_is_found():
    world, job, instant = spoil(MOST)
    world.call(job, instant, late=30)
    assert world.found() == {1: {"at most once, called more than once"}}


def test_duplicate_at_least_once_is_allowed():
    world, job, instant = spoil(LEAST)
    world.call(job, instant, late=30)
    assert world.found() == {}


def test_two_keys_for_one_occurrence_are_found():
    world, job, instant = spoil(LEAST)
    world.call(job, instant, late=30, key="another")
    assert world.found() == {2: {"at least once, with different keys"},
                             3: {"a call with another key than its occurrence's"}}


def test_two_records_of_one_attempt_are_found():
    world, job, instant = spoil(MOST)
    world.record(job, instant, "l")
    assert world.found()[1] == {"at most once, more than one record"}
    assert "one attempt, two records" in world.found()[4]


# --- ghosts -----------------------------------------------------------------------------------------------------------


def test_call_of_an_unknown_job_is_found():
    world, job, instant = spoil(MOST)
    world.call(job, instant, job="f" * 64)
    assert world.found()[3] == {"a call for a job that does not exist"}


def test_call_at_a_wrong_instant_is_found():
    world, job, instant = spoil(MOST)
    world.call(job, instant + 500)
    assert world.found()[3] == {"a call for an instant that is none of the job's"}


def test_call_before_the_job_was_created_is_found():
    world, job, _ = spoil(MOST)
    world.call(job, MINUTE + 2000, at=CREATED + 20)
    assert world.found()[3] == {"a call for an instant that is none of the job's"}


def test_call_before_its_instant_is_found():
    world, job, instant = spoil(LEAST)
    world.take_calls(job, instant)
    world.call(job, instant, late=-200)
    assert world.found()[3] == {"a call before its instant"}


def test_call_before_its_instant_is_allowed_where_redis_was_ahead():
    world, job, instant = spoil(LEAST)
    world.take_calls(job, instant)
    world.call(job, instant, late=-200)
    assert world.found(steps=[(0, 0), (instant - 5000, 8000), (instant - 2000, 0)]) == {}


def test_retry_of_what_was_begun_before_redis_was_set_back_is_allowed():
    world, job, instant = spoil(LEAST)
    for attempt, at, outcome in ((1, instant - 15_000, "f"), (2, instant - 5000, "s")):
        world.call(job, instant, attempt, at=at)
        world.record(job, instant, outcome, attempt, status=500 if outcome == "f" else 200)
    world.requests = [r for r in world.requests if (r.scheduled, r.at) != (instant, instant + 4) or r.job != job.id]
    ahead = [(0, 0), (instant - 20_000, 15_000)]
    assert 3 not in world.found(steps=[*ahead, (instant - 12_000, 0)])
    # Redis has been set back already, but the runner that calls may not know yet
    assert 3 not in world.found(steps=[*ahead, (instant - 15_100, 0)])
    # the second call comes when every runner has to know, and such a time has never been
    world.requests = [r for r in world.requests if (r.job, r.scheduled, r.attempt) != (job.id, instant, 1)]
    assert world.found(steps=[(0, 0), (instant - 40_000, 15_000), (instant - 25_000, 0)])[3] == {"a call before its instant"}


def test_second_attempt_at_most_once_is_found():
    world, job, instant = spoil(MOST)
    world.take_calls(job, instant)
    world.call(job, instant, attempt=2)
    assert world.found()[3] == {"a call with an attempt that cannot be"}


def test_call_of_another_target_is_found():
    world, job, instant = spoil(LEAST)
    world.call(job, instant, target="elsewhere")
    assert world.found()[3] == {"a call to another target than the job's"}


def test_too_many_redirects_are_found():
    world, job, instant = spoil(MOST)
    for _ in range(6):
        world.call(job, instant, path="/hop")
    assert world.found() == {3: {"more redirects followed than there may be"}}


# --- history and log --------------------------------------------------------------------------------------------------


def test_record_without_a_call_is_found():
    world, job, instant = spoil(MOST)
    world.take_calls(job, instant)
    assert world.found() == {4: {"a record of a call that no target has seen"}}


def test_call_without_a_record_is_found():
    world, job, instant = spoil(LEAST)
    world.call(job, instant, attempt=2, late=900)
    assert world.found() == {4: {"a call without a record"}}


def test_call_of_a_runner_that_was_taken_for_dead_is_found():
    world, job, instant = spoil(MOST)
    world.take_records(job, instant)
    world.record(job, instant, "l", recorded=instant + 6000)
    assert world.found() == {}
    world.take_calls(job, instant)
    world.call(job, instant, late=7000)
    assert world.found()[4] == {"called after it was recorded as lost"}


def test_missed_and_called_is_found():
    world, job, instant = spoil(MOST)
    world.take_records(job, instant)
    world.record(job, instant, "m", 0, until=instant, count=1, recorded=instant + 70_000)
    assert "recorded as missed, and called" in world.found()[4]


def test_history_that_is_not_the_feeds_is_found():
    world, job, _ = spoil(MOST)
    world.left.jobs[job.id].history.pop()
    assert world.found() == {4: {"the job's history is not the feed's"}}


def test_gap_that_is_miscounted_is_found():
    world, job, instant = spoil(MOST)
    for at in (instant, instant + 1000):
        world.take_calls(job, at)
        world.take_records(job, at)
    world.record(job, instant, "m", 0, until=instant + 1000, count=3, recorded=instant + 70_000)
    assert world.found()[1] == {"a gap that is miscounted"}


def test_gap_without_need_is_found():
    world, job, instant = spoil(MOST)
    world.take_calls(job, instant)
    world.take_records(job, instant)
    world.record(job, instant, "m", 0, until=instant, count=1)
    assert world.found()[1] == {"missed, though it was not too late to call"}


# --- time -------------------------------------------------------------------------------------------------------------


def test_late_after_the_last_fault_is_found():
    world, job, _ = spoil(LEAST)
    healed = MINUTE + 5000
    for nth, number in ((10, None), (25, 5)):  # 14 s after the fault is fine, 25 s after it is not
        instant = world.instant(job, nth)
        world.take_calls(job, instant)
        world.call(job, instant, late=1500)
        found = world.found(calms=[(healed, STOPPED)])
        assert found == ({number: {"late, long after the last fault"}} if number else {})


def test_not_called_after_the_last_fault_is_found():
    world, job, _ = spoil(MOST)
    instant = world.instant(job, 25)
    world.take_calls(job, instant)
    world.take_records(job, instant)
    world.record(job, instant, "l")
    assert world.found(calms=[(MINUTE + 5000, STOPPED)]) == {5: {"not called, long after the last fault"}}


def test_recovery_is_the_last_late_arrival():
    world, job, _ = spoil(LEAST)
    instant = world.instant(job, 10)
    world.take_calls(job, instant)
    world.call(job, instant, late=4200)
    calms = [report.Calm("a fault", instant - 2100, instant - 100, STOPPED)]
    assert report.recoveries(world.run(), calms) == [(4.3, 6.3, "a fault")]


# --- jobs -------------------------------------------------------------------------------------------------------------


def test_acknowledged_job_that_is_gone_is_found():
    world, job, _ = spoil(MOST)
    del world.left.jobs[job.id]
    assert "acknowledged, and not there" in world.found()[6]


def test_unacknowledged_job_may_be_absent_or_whole():
    world = World()
    job = model.Job(99, model.every_second(), MOST, "good", "http://127.0.0.1:1/job/99")
    job.posts.append((CREATED - 3, CREATED + 3, 500, b""))
    world.jobs.append(job)
    assert world.found() == {}


def test_half_a_job_is_found():
    for half in (StoredJob("e" * 64, {}, STOPPED + 1000), StoredJob("e" * 64, {"schedule": "* * * * * *"}, None)):
        world = World()
        world.left.jobs[half.id] = half
        assert world.found()[6] == {"half a job"}


def test_job_that_was_stored_and_never_made_due_is_found():
    world, job, _ = spoil(LEAST)
    for instant in job.schedule.instants(CREATED, STOPPED):
        world.take_calls(job, instant)
        world.take_records(job, instant)
    world.left.jobs[job.id].due = None
    assert world.found()[6] == {"stored, and never due"}


def test_job_that_was_changed_is_found():
    world, job, _ = spoil(MOST)
    world.left.jobs[job.id].fields["type"] = LEAST
    assert world.found()[6] == {"stored as something else"}


def test_job_with_a_wrong_creation_time_is_found():
    world, job, _ = spoil(MOST)
    job.posts[:] = [(CREATED - 3_600_000, CREATED - 3_599_000, 201, b"")]
    assert world.found()[6] == {"created at another time than it was posted"}


# --- what is left behind ----------------------------------------------------------------------------------------------


def test_whatever_is_left_behind_is_found():
    for name in ("claims", "retries", "holders", "runners", "broken"):
        world = World()
        getattr(world.left, name).append("something")
        assert world.found() == {7: {f"left behind in {name}"}}


def test_job_that_fell_off_the_schedule_is_found():
    world, job, _ = spoil(LEAST)
    world.left.jobs[job.id].due = None
    assert world.found()[7] == {"a job that will never be called again"}


def test_job_that_nobody_calls_any_more_is_found():
    world, job, _ = spoil(LEAST)
    last = world.instant(job, 20)
    for instant in job.schedule.instants(CREATED, STOPPED, last):
        world.take_calls(job, instant)
        world.take_records(job, instant)
    world.left.jobs[job.id].due = last
    assert world.found() == {7: {"a job that was forgotten"}}


def test_job_that_is_due_at_a_wrong_instant_is_found():
    world, job, _ = spoil(LEAST)
    world.left.jobs[job.id].due += 500
    assert world.found()[7] == {"a job that is due at an instant that is none of its own"}


# --- the model, and reading -------------------------------------------------------------------------------------------


def test_instants_are_what_the_schedule_says():
    def seconds(schedule, until=70):
        return [(at - MINUTE) / 1000 for at in schedule.instants(CREATED, MINUTE + until * 1000)]

    assert seconds(model.every_second(), 6) == [4, 5, 6]
    assert seconds(model.each(25)) == [25, 50, 60]
    assert seconds(model.at_seconds(3, 4, 59)) == [4, 59, 63, 64]
    assert seconds(model.every(20)) == [23, 43, 63]  # of a creation at 3.5 s, the whole second counts
    assert seconds(model.once(MINUTE // 1000 + 9)) == [9]
    assert seconds(model.once(MINUTE // 1000 + 3)) == []


def test_instants_from_some_time_on_are_a_part_of_all():
    for schedule in SCHEDULES:
        every = list(schedule.instants(CREATED, STOPPED))
        for since in range(CREATED - 1500, STOPPED, 777):
            assert list(schedule.instants(CREATED, STOPPED, since)) == [at for at in every if at >= since]
        assert all(schedule.has(at, CREATED) for at in every)
        assert not schedule.has(every[0] + 1, CREATED)


def test_log_of_the_targets_is_read(tmp_path):
    log = tmp_path / "requests.log"
    log.write_text(f"1800000000004|good|7|2|/job/1|capi:{job_id(1)}|2027-01-15T08:00:00Z|3|{job_id(1)}-1800000000000\n"
                   "1800000000005|good|7|3|/jo")
    request, = evidence.read_requests(log)
    assert (request.at, request.nth, request.job, request.attempt) == (1800000000004, 2, job_id(1), 3)
    assert request.scheduled == 1800000000000


def test_record_is_read():
    text = b"o:f s:1800000000000 a:6 x:1800000000003 t:10 h:500 l:3 r:web-1 c:http e:status 500 s:1"
    record = evidence.read_record(job_id(1), b"1800000000013-0", text)
    assert (record.outcome, record.scheduled, record.attempt, record.status) == ("f", 1800000000000, 6, 500)
    assert (record.recorded, record.error) == (1800000000013, "http status 500 s:1")
