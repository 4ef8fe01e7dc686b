"""What becomes of occurrences that no runner was there to call: catch_up, catch_up_window_s, catch_up_max.

The job of most examples is called once an hour, and was not for some hours: its latest occurrence is 90 seconds ago, which is too
late to count as on time, its next one is most of an hour away.
"""
import time

import pytest

from harness import NEVER_SOON, id_bytes, job_key, key_of, wait_for

HOUR = 3600
BOTH = pytest.mark.parametrize("kind", ["ATMOST_ONCE", "ATLEAST_ONCE"])


class Hourly:
    """A job that is called once an hour, the last time `ago` seconds ago."""

    def __init__(self, ago=90):
        self.latest = int(time.time()) - ago
        self.schedule = f"{self.latest % 60} {self.latest // 60 % 60} * * * *"

    def hours_ago(self, hours):
        return self.latest - hours * HOUR


def make_late(redis, job_id, since):
    """As if no runner had been there since then."""
    with redis.client() as db:
        db.zadd(key_of(job_id, "due"), {id_bytes(job_id): since * 1000})


def next_instant(redis, job_id):
    with redis.client() as db:
        due = db.zscore(key_of(job_id, "due"), id_bytes(job_id))
        return due and due / 1000


def seconds_called(executions):
    return [e["scheduled_time"] for e in executions if e["outcome"] == "succeeded"]


def gaps(executions):
    return [(e["missed_count"], e["scheduled_time"], e["missed_until"]) for e in executions if e["outcome"] == "missed"]


@pytest.fixture
def outage(handler, redis, hook, make_runner):
    """Schedule a job that has not been called since `hours` ago, start a runner, and see what it does: the records."""

    def happen(kind, hours=5, hourly=None, **fields):
        hourly = hourly or Hourly()
        job_id = handler.schedule(hourly.schedule, hook.url, kind, **fields)
        make_late(redis, job_id, hourly.hours_ago(hours))
        make_runner()
        wait_for(lambda: next_instant(redis, job_id) == hourly.hours_ago(-1), what="a job that has caught up")
        with redis.client() as db:
            wait_for(lambda: not db.keys("dronc:*:claimed:*"), what="the end of its calls")
        executions = sorted(handler.executions(job_id=job_id), key=lambda e: (e["execution_time_ms"], e["scheduled_time"]))
        assert sorted(call.scheduled for call in hook.calls) == sorted(seconds_called(executions))
        return hourly, executions

    return happen


# --- all ----------------------------------------------------------------------------------------------------------


@BOTH
def test_all_calls_everything_that_was_missed_in_order(outage, kind):
    hourly, executions = outage(kind, catch_up="all")
    assert seconds_called(executions) == [hourly.hours_ago(n) for n in (5, 4, 3, 2, 1, 0)]
    assert gaps(executions) == []


@BOTH
def test_all_does_not_go_back_further_than_its_window(outage, kind):
    hourly, executions = outage(kind, catch_up="all", catch_up_window_s=2 * HOUR + 300)
    assert seconds_called(executions) == [hourly.hours_ago(n) for n in (2, 1, 0)]
    assert gaps(executions) == [(3, hourly.hours_ago(5), hourly.hours_ago(3))]


@BOTH
def test_all_calls_no_more_than_its_maximum_and_those_are_the_latest(outage, kind):
    hourly, executions = outage(kind, catch_up="all", catch_up_max=2)
    assert seconds_called(executions) == [hourly.hours_ago(1), hourly.hours_ago(0)]
    assert gaps(executions) == [(4, hourly.hours_ago(5), hourly.hours_ago(2))]


def test_all_is_what_at_least_once_does_within_a_day(outage):
    hourly, executions = outage("ATLEAST_ONCE", hours=30)
    assert seconds_called(executions) == [hourly.hours_ago(n) for n in range(23, -1, -1)]
    assert gaps(executions) == [(7, hourly.hours_ago(30), hourly.hours_ago(24))]


def test_window_may_be_longer_than_a_day(outage):
    hourly, executions = outage("ATLEAST_ONCE", hours=30, catch_up_window_s=48 * HOUR)
    assert len(seconds_called(executions)) == 31
    assert gaps(executions) == []


# --- latest -------------------------------------------------------------------------------------------------------


@BOTH
def test_latest_calls_the_last_one_only(outage, kind):
    hourly, executions = outage(kind, catch_up="latest")
    assert seconds_called(executions) == [hourly.hours_ago(0)]
    assert gaps(executions) == [(5, hourly.hours_ago(5), hourly.hours_ago(1))]


@BOTH
def test_latest_is_not_called_when_it_is_older_than_the_window(outage, kind):
    hourly, executions = outage(kind, catch_up="latest", catch_up_window_s=80)
    assert seconds_called(executions) == []
    assert gaps(executions) == [(6, hourly.hours_ago(5), hourly.hours_ago(0))]


# --- none ---------------------------------------------------------------------------------------------------------


@BOTH
def test_none_calls_nothing_that_is_late(outage, kind):
    hourly, executions = outage(kind, catch_up="none")
    assert seconds_called(executions) == []
    assert gaps(executions) == [(6, hourly.hours_ago(5), hourly.hours_ago(0))]


def test_none_is_what_at_most_once_does(outage):
    hourly, executions = outage("ATMOST_ONCE")
    assert gaps(executions) == [(6, hourly.hours_ago(5), hourly.hours_ago(0))]


@BOTH
def test_none_calls_what_is_up_to_a_minute_late(outage, kind):
    """That counts as on time; the five before it are one gap."""
    hourly, executions = outage(kind, hourly=Hourly(ago=40), catch_up="none")
    assert seconds_called(executions) == [hourly.hours_ago(0)]
    assert gaps(executions) == [(5, hourly.hours_ago(5), hourly.hours_ago(1))]


@BOTH
@pytest.mark.parametrize("rule", ["all", "latest", "none"])
def test_half_a_minute_is_no_outage_whatever_the_rule(make_runner, redis, handler, hook, kind, rule):
    job_id = handler.schedule("* * * * * *", hook.url, kind, catch_up=rule)
    since = int(time.time()) - 30
    make_late(redis, job_id, since)
    make_runner()
    late = [since + n for n in range(31)]
    wait_for(lambda: {call.scheduled for call in hook.calls} >= set(late), what="a call of each second")
    assert sorted(call.scheduled for call in hook.calls)[:31] == late
    assert gaps(handler.executions(job_id=job_id, limit=200)) == []


# --- gaps ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["latest", "none"])
@pytest.mark.parametrize("schedule", ["* * * * * *", "@every 1s"])
def test_week_of_seconds_is_one_event(make_runner, redis, handler, hook, rule, schedule):
    job_id = handler.schedule(schedule, hook.url, catch_up=rule)
    since = int(time.time()) - 7 * 86400
    make_late(redis, job_id, since)
    make_runner()
    hook.wait_for_calls(3)
    (count, first, last), = gaps(handler.executions(job_id=job_id, limit=200))
    assert (first, count) == (since, last - first + 1)
    assert min(call.scheduled for call in hook.calls) == last + 1
    assert 604_800 - 61 <= count <= 604_800 + 10


# --- handed back unsent -------------------------------------------------------------------------------------------


def hand_back(redis, job_id, scheduled):
    """What a runner leaves that had marked a first attempt as started, and was stopped before it could send it."""
    with redis.client() as db:
        db.zadd(key_of(job_id, "retry"), {id_bytes(job_id) + f"{scheduled * 1000}:1".encode(): scheduled * 1000})


@BOTH
@pytest.mark.parametrize("hours, fields, called", [
    (2, {"catch_up": "none"}, False),
    (0, {"catch_up": "none"}, False),  # 90 seconds
    (2, {"catch_up": "all"}, True),
    (25, {"catch_up": "all"}, False),
    (2, {"catch_up": "all", "catch_up_max": 1}, True),  # younger ones have been due since: no reason to give it up
    (2, {"catch_up": "latest"}, True),
    (2, {"catch_up": "latest", "catch_up_window_s": HOUR}, False),
])
def test_unsent_first_attempt_is_judged_by_its_age(make_runner, redis, handler, hook, kind, hours, fields, called):
    hourly = Hourly()
    job_id = handler.schedule(hourly.schedule, hook.url, kind, **fields)
    scheduled = hourly.hours_ago(hours)
    hand_back(redis, job_id, scheduled)
    make_runner()
    execution, = handler.wait_for_executions(job_id)
    assert (execution["outcome"], execution["scheduled_time"]) == ("succeeded" if called else "missed", scheduled)
    assert len(hook.calls) == (1 if called else 0)
    if not called:
        assert gaps([execution]) == [(1, scheduled, scheduled)]
    assert next_instant(redis, job_id) == hourly.hours_ago(-1)


# --- what is shown and stored -------------------------------------------------------------------------------------


JOB = {"schedule": NEVER_SOON, "api": "http://127.0.0.1:9/catch-up"}
USUAL = [("ATMOST_ONCE", {"catch_up": "none"}), ("ATLEAST_ONCE", {"catch_up": "all"}),
         ("ATLEAST_ONCE", {"catch_up_window_s": 86400, "catch_up_max": 100})]


def catch_up_of(fields):
    return {name: value for name, value in fields.items() if name.startswith("catch_up")}


@pytest.mark.parametrize("kind, fields", USUAL)
def test_default_is_the_same_job_said_or_not(handler, redis, kind, fields):
    plain = handler.post({**JOB, "type": kind})
    said = handler.post({**JOB, "type": kind, **fields})
    assert (plain.status, said.status) == (201, 201)
    assert said.json == plain.json
    with redis.client() as db:
        assert sorted(db.hkeys(job_key(plain.json["job_id"]))) == [b"api", b"created", b"schedule", b"type"]


@pytest.mark.parametrize("kind, fields", [
    ("ATMOST_ONCE", {"catch_up": "all"}),
    ("ATMOST_ONCE", {"catch_up": "latest", "catch_up_window_s": 3600}),
    ("ATMOST_ONCE", {"catch_up": "all", "catch_up_window_s": 1, "catch_up_max": 1000}),
    ("ATLEAST_ONCE", {"catch_up": "none"}),
    ("ATLEAST_ONCE", {"catch_up": "latest"}),
    ("ATLEAST_ONCE", {"catch_up_window_s": 2_592_000}),
    ("ATLEAST_ONCE", {"catch_up_max": 1}),
])
def test_rule_of_its_own_is_another_job_that_says_so(handler, redis, kind, fields):
    plain = handler.post({**JOB, "type": kind}).json
    answer = handler.post({**JOB, "type": kind, **fields})
    assert answer.status == 201
    assert answer.json["job_id"] != plain["job_id"]
    assert catch_up_of(answer.json) == fields
    with redis.client() as db:
        stored = {name.decode(): value.decode() for name, value in db.hgetall(job_key(answer.json["job_id"])).items()}
        assert catch_up_of(stored) == {name: str(value) for name, value in fields.items()}


@pytest.mark.parametrize("kind, fields, code, field", [
    ("ATLEAST_ONCE", {"catch_up": "some"}, "VALIDATION_ERROR", "catch_up"),
    ("ATLEAST_ONCE", {"catch_up": "All"}, "VALIDATION_ERROR", "catch_up"),
    ("ATLEAST_ONCE", {"catch_up": ""}, "INVALID_REQUEST", "catch_up"),
    ("ATLEAST_ONCE", {"catch_up": True}, "INVALID_REQUEST", "catch_up"),
    ("ATLEAST_ONCE", {"catch_up_window_s": 0}, "VALIDATION_ERROR", "catch_up_window_s"),
    ("ATLEAST_ONCE", {"catch_up_window_s": 2_592_001}, "VALIDATION_ERROR", "catch_up_window_s"),
    ("ATLEAST_ONCE", {"catch_up_window_s": "60"}, "INVALID_REQUEST", "catch_up_window_s"),
    ("ATLEAST_ONCE", {"catch_up_window_s": 60.5}, "INVALID_REQUEST", "catch_up_window_s"),
    ("ATLEAST_ONCE", {"catch_up_max": 0}, "VALIDATION_ERROR", "catch_up_max"),
    ("ATLEAST_ONCE", {"catch_up_max": -1}, "VALIDATION_ERROR", "catch_up_max"),
    ("ATLEAST_ONCE", {"catch_up_max": 1001}, "VALIDATION_ERROR", "catch_up_max"),
    ("ATLEAST_ONCE", {"catch_up_max": None}, "INVALID_REQUEST", "catch_up_max"),
    ("ATLEAST_ONCE", {"catch_up": "latest", "catch_up_max": 1}, "VALIDATION_ERROR", "catch_up_max"),
    ("ATLEAST_ONCE", {"catch_up": "none", "catch_up_max": 1}, "VALIDATION_ERROR", "catch_up_max"),
    ("ATLEAST_ONCE", {"catch_up": "none", "catch_up_window_s": 60}, "VALIDATION_ERROR", "catch_up_window_s"),
    ("ATMOST_ONCE", {"catch_up_window_s": 60}, "VALIDATION_ERROR", "catch_up_window_s"),
    ("ATMOST_ONCE", {"catch_up_max": 5}, "VALIDATION_ERROR", "catch_up_max"),
])
def test_rule_that_is_none_is_refused_by_name(handler, redis, kind, fields, code, field):
    answer = handler.post({**JOB, "type": kind, **fields})
    assert (answer.status, answer.code, answer.error["field"]) == (400, code, field)
    with redis.client() as db:
        assert db.keys("dronc:*:job:*") == []


@pytest.mark.parametrize("name, value", [("catch_up", "sometimes"), ("catch_up_window_s", "an hour"), ("catch_up_window_s", "0"),
                                         ("catch_up_max", "1e3"), ("catch_up_max", "100000")])
def test_stored_rule_that_is_broken_sets_the_job_aside(make_runner, redis, handler, hook, name, value):
    job_id = handler.schedule("* * * * * *", hook.url, "ATLEAST_ONCE")
    with redis.client() as db:
        db.hset(job_key(job_id), name, value)
    runner = make_runner()
    assert wait_for(lambda: runner.events("job set aside"))[0]["job"] == job_id
    assert hook.calls == []
