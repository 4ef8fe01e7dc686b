"""The checks of the living jobs, with cases that are known: what is allowed passes, and each violation that is planted is named."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import checker  # noqa: E402
import evidence  # noqa: E402
import report  # noqa: E402
from evidence import Record, Request  # noqa: E402
from living import DELETE, PATCH, PAUSE, POST, RESUME, RUN, Change, Living  # noqa: E402

BEGAN = 1_800_000_000_000  # a full second
ENDED = BEGAN + 60_000
ID = "ab" * 32
MOST, LEAST = "ATMOST_ONCE", "ATLEAST_ONCE"


def at(seconds):
    return BEGAN + round(seconds * 1000)


class World:
    """One living job, which is posted at 0 s and deleted for good at 60 s; changes and calls in between are each test's own."""

    def __init__(self, kind):
        self.living = Living(7, kind, "good", {}, True, ID)
        self.requests, self.left, self.steps = [], evidence.Left(), [(0, 0)]
        self.change(POST, 0, 201)

    def change(self, kind, sent, status, answered=None, **other):
        answered = sent + 0.005 if answered is None else answered
        self.living.changes.append(Change(kind, at(sent), at(answered), status, **other))

    def call(self, scheduled, when=None, attempt=1):
        instant = at(scheduled)
        self.requests.append(Request(at(scheduled + 0.002 if when is None else when), "good", 1, 0, "/living/7", ID, instant, attempt,
                                     f"{ID}-{instant}"))

    def run(self, last=204):
        self.change(DELETE, 60, last, last=True)
        return checker.Run([], self.requests, self.left, ENDED, steps=self.steps, living=[self.living])

    def found(self, **settings):
        found = checker.check(self.run(**settings))
        return {number: {violation.what for violation in violations} for number, violations in found.items() if violations}


@pytest.mark.parametrize("kind", [MOST, LEAST])
def test_quiet_life_has_no_violation(kind):
    world = World(kind)
    for second in range(1, 50):
        world.call(second)
    assert world.found() == {}


# --- at most once -----------------------------------------------------------------------------------------------------


def test_second_call_is_found_though_the_job_was_made_anew():
    world = World(MOST)
    world.call(10)
    world.change(DELETE, 10.01, 204)
    world.change(POST, 10.02, 201)
    world.call(10, 10.03)
    assert world.found() == {8: {"a living job, at most once, called more than once"}}


def test_second_call_is_no_violation_at_least_once():
    world = World(LEAST)
    world.call(10)
    world.call(10, 10.5, attempt=2)
    assert world.found() == {}


def test_second_call_is_found_though_redis_was_set_back_and_the_job_made_anew():
    world = World(MOST)
    world.steps = [(0, 0), (at(5), 4000), (at(7), 0)]
    world.call(10, 6)
    world.change(DELETE, 7.4, 204)
    world.change(POST, 7.5, 201)
    world.call(10)
    assert world.found() == {8: {"a living job, at most once, called more than once"}}


# --- max_runs, and records ----------------------------------------------------------------------------------------------


def test_calls_beyond_max_runs_are_found_and_runs_by_hand_do_not_count():
    world = World(MOST)
    world.living.body["max_runs"] = 3
    for second in (1, 1.5, 2, 2.5, 3):
        world.call(second)
    assert world.found() == {}
    world.call(4)
    assert world.found() == {12: {"called more often than max_runs"}}


def test_two_records_of_one_attempt_are_found_and_two_attempts_are_not():
    world = World(LEAST)
    for attempt in (1, 2):
        world.call(10, attempt=attempt)
        world.left.records.append(Record(ID, at(11), "f", at(10), attempt))
    assert world.found() == {}
    world.left.records.append(Record(ID, at(12), "k", at(10), 1))
    assert world.found() == {12: {"two records of one attempt"}}


# --- what is forbidden ------------------------------------------------------------------------------------------------


FORBIDDEN = [(DELETE, 204, "a DELETE"), (DELETE, 404, "a DELETE"), (PAUSE, 200, "a pause")]


@pytest.mark.parametrize("kind, status, what", FORBIDDEN)
def test_call_after_it_was_forbidden_is_found(kind, status, what):
    world = World(LEAST)
    world.change(kind, 10.5, status)
    world.call(11)
    assert world.found() == {9: {f"called for an instant after {what}"}}


@pytest.mark.parametrize("kind, status, what", FORBIDDEN)
def test_retry_long_after_it_was_forbidden_is_found(kind, status, what):
    world = World(LEAST)
    world.call(10)
    world.change(kind, 10.5, status)
    world.call(10, 18, attempt=2)
    assert world.found() == {9: {f"called long after {what}"}}


def test_what_was_started_before_the_answer_may_still_leave():
    world = World(MOST)
    world.change(DELETE, 9.95, 204, 9.98)
    world.call(10)
    world.change(POST, 11, 201)
    world.call(12)
    world.change(PAUSE, 12.5, 200, 13.2)
    world.call(13)  # between the request and its answer
    assert world.found() == {}


def test_call_is_allowed_as_soon_as_somebody_asked_for_it():
    for forbid, allow in ((DELETE, POST), (PAUSE, RESUME), (PAUSE, POST)):
        world = World(LEAST)
        world.change(forbid, 10.5, 200 if forbid == PAUSE else 204)
        world.change(allow, 10.8, 0, 25)
        world.call(11)
        assert world.found() == {}


@pytest.mark.parametrize("forbid, status, change", [(DELETE, 204, PATCH), (DELETE, 204, RESUME), (DELETE, 204, RUN), (PAUSE, 200, PATCH)])
def test_change_of_what_is_paused_or_gone_allows_nothing(forbid, status, change):
    world = World(LEAST)
    world.change(forbid, 10.5, status)
    world.change(change, 10.8, 200 if forbid == PAUSE else 404)
    world.call(11)
    assert set(world.found()) == {9}


def test_run_by_hand_is_allowed_in_a_pause_and_not_after_a_delete():
    for forbid, status, numbers in ((PAUSE, 200, set()), (DELETE, 204, {9})):
        world = World(LEAST)
        world.change(forbid, 10.5, status)
        world.call(11.234)
        assert set(world.found()) == numbers


def test_request_without_an_answer_may_be_done_later():
    world = World(LEAST)
    world.change(PAUSE, 9, 200)
    world.change(RESUME, 9.5, 500)
    world.change(PAUSE, 10.5, 200)  # the resume may come after this
    world.call(11)
    assert world.found() == {}
    world.change(PAUSE, 30, 200)  # and not after that
    world.call(31)
    assert set(world.found()) == {9}


def test_pause_that_was_not_acknowledged_forbids_nothing():
    for status in (0, 404, 500):
        world = World(LEAST)
        world.change(PAUSE, 10.5, status)
        world.call(11)
        assert world.found() == {}


def test_what_is_forbidden_counts_by_the_clock_of_redis():
    world = World(LEAST)
    world.steps = [(0, 0), (at(5), 3000), (at(30), 0)]
    world.change(PAUSE, 10.5, 200)
    world.call(13, 10.51)
    assert world.found() == {}
    world.call(14, 11)
    assert set(world.found()) == {9}


# --- manual runs ------------------------------------------------------------------------------------------------------


def test_run_by_hand_that_was_never_called_is_found():
    world = World(LEAST)
    world.change(RUN, 10, 202, instant=at(10.002))
    assert world.found() == {10: {"a manual run that was acknowledged, and never called"}}


def test_run_by_hand_that_was_called_or_died_or_was_deleted_is_fine():
    world = World(LEAST)
    world.change(RUN, 10, 202, instant=at(10.002))
    world.call(10.002, 14, attempt=3)
    world.change(RUN, 20, 202, instant=at(20.002))
    world.left.dead.add((ID, at(20.002)))
    world.change(RUN, 30, 202, instant=at(30.002))
    world.change(DELETE, 30.5, 0, 45)
    assert world.found() == {}


def test_run_by_hand_at_most_once_may_be_lost():
    world = World(MOST)
    world.change(RUN, 10, 202, instant=at(10.002))
    assert world.found() == {}


# --- what is left -----------------------------------------------------------------------------------------------------


def test_whatever_is_left_of_a_deleted_job_is_found():
    world = World(LEAST)
    world.left.traces[ID] = ["an element in dronc:{11}:due"]
    assert world.found() == {11: {"something of a deleted job is left"}}


def test_job_that_could_not_be_deleted_is_found():
    assert World(LEAST).found(last=500) == {11: {"a living job that could not be deleted"}}


class Database:
    """As much of a client of Redis as reading needs."""

    def __init__(self, **keys):
        self.keys = keys

    def scan_iter(self, *_, **__):
        return [name.encode("latin-1") for name in self.keys]

    def type(self, key):
        return {dict: b"hash", set: b"set", list: b"zset", str: b"string"}[type(self.value(key))]

    def value(self, key):
        return self.keys[key.decode("latin-1")]

    def zrange(self, key, *_):
        return self.value(key)

    hgetall = smembers = value


RAW = bytes.fromhex(ID)
NAME = RAW.decode("latin-1")


@pytest.mark.parametrize("key, value", [
    ("dronc:{11}:job:" + NAME, {b"created": b"1"}), ("dronc:{11}:history:" + NAME, "a list"), ("dronc:{11}:due", [RAW]),
    ("dronc:{11}:retry", [RAW + b"1800000000000:2.1800000000000"]), ("dronc:{11}:claimed:r1", {RAW + b"1800000000000": b"s"}),
    ("dronc:{11}:jobs:687", [RAW]), ("dronc:{11}:broken", [b"other" * 6 + b"id", RAW])])
def test_every_place_is_searched_for_what_was_deleted(key, value):
    where, = evidence.traces_of(Database(**{key: value}), [ID])[ID]
    assert key[:20] in where.replace("b'", "")


def test_dead_and_other_jobs_are_no_traces():
    keys = {"dronc:{11}:dead": [RAW + b"1"], "dronc:{11}:dead:records": {RAW + b"1": b"o:f"}, "dronc:{11}:due": [b"\1" * 32],
            "dronc:{11}:jobs": "bitmap"}
    assert evidence.traces_of(Database(**keys), [ID]) == {}


# --- beside the other jobs --------------------------------------------------------------------------------------------


def test_other_checks_see_nothing_of_living_jobs():
    world = World(LEAST)
    world.call(10)
    world.left.records.append(Record(ID, at(10.01), "f", at(10), 1))
    run = world.run()
    assert (run.requests, run.left.records, len(run.living_requests[ID])) == ([], [], 1)


def test_changes_are_counted_by_kind_and_outcome():
    world = World(LEAST)
    world.change(PATCH, 1, 200)
    world.change(PATCH, 2, 404)
    world.change(PATCH, 3, 0)
    assert report.changes(world.run())[0] == (PATCH, 3, 1, 1, 1)
