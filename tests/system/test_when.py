"""When a job applies: one instant (@at, @in), starts_at and ends_at, jitter_ms, max_runs."""
import json
import time

import pytest

from harness import NEVER_SOON, id_bytes, job_key, key_of, soon, wait_for
from target import slow, status

BOTH = pytest.mark.parametrize("kind", ["ATMOST_ONCE", "ATLEAST_ONCE"])
LATER = "2037-01-31T09:00:00+01:00"


def rfc3339(instant):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(instant))


def definition(schedule, url="http://h/", kind="ATMOST_ONCE", **fields):
    return {"schedule": schedule, "api": url, "type": kind, **fields}


def post(handler, schedule, *args, **fields):
    return handler.post(definition(schedule, *args, **fields))


def wait_until_completed(handler, job_id):
    wait_for(lambda: handler.job(job_id).json["state"] == "COMPLETED", what="the end of the job")
    return handler.job(job_id).json


def why(handler, job_id, at):
    return handler.job(job_id, f"/why?at={at}").json["why"]


# --- one instant --------------------------------------------------------------------------------------------------


@BOTH
def test_in_a_second_it_is_called_once(handler, runner, hook, kind):
    job_id = handler.schedule("@in 1s", hook.url, kind)
    instant, = handler.job(job_id).json["next"]
    job = wait_until_completed(handler, job_id)
    record, = handler.wait_for_executions(job_id)
    assert job["schedule"] == f"@at {instant['utc']}" and job["next"] == []
    assert record["scheduled_time"] == instant["unix"]
    assert len(hook.calls) == 1


def test_at_an_instant_it_is_called_once(handler, runner, hook):
    at = soon()
    job_id = handler.schedule(f"@at {rfc3339(at)}", hook.url)
    wait_until_completed(handler, job_id)
    record, = handler.wait_for_executions(job_id)
    assert record["scheduled_time"] == at
    assert why(handler, job_id, rfc3339(at)) == "succeeded"
    assert why(handler, job_id, rfc3339(at + 1)) == "not_scheduled"


def test_the_same_instant_is_the_same_job(handler):
    one, other = post(handler, f"@at {LATER}").json, post(handler, "@at 2037-01-31T08:00:00Z").json
    assert one["job_id"] == other["job_id"] and one["schedule"] == f"@at {LATER}"


def test_the_same_wait_is_another_job_but_under_a_name(handler):
    one = post(handler, "@in 1h").json
    wait_for(lambda: post(handler, "@in 1h").json["job_id"] != one["job_id"])
    assert post(handler, "@in 1h", name="a").json["job_id"] == post(handler, "@in 2h", name="a").json["job_id"]


@pytest.mark.parametrize("schedule, text", [
    ("@at 2020-01-31T09:00:00Z", "does not fire any more"), ("@at 2037-01-31T09:00:00", "it looks like"),
    ("@at 2037-01-31T09:00:00.5Z", "whole seconds"), ("@in 0s", "duration"), ("@in", "duration")])
def test_what_is_no_instant(handler, schedule, text):
    answer = post(handler, schedule)
    assert (answer.status, answer.code, answer.error["field"]) == (400, "JOB_CREATION_FAILED", "schedule")
    assert text in answer.error["message"]


def test_a_patch_to_in_counts_from_now(handler, runner, redis, hook):
    job_id = handler.schedule(NEVER_SOON, hook.url)
    with redis.client() as db:
        db.hset(job_key(job_id), "created", 1577836800_000)
    assert handler.patch(job_id, {"schedule": "@in 1s"}).status == 200
    wait_until_completed(handler, job_id)
    hook.wait_for_calls(1)


def test_preview_of_an_instant(handler):
    answer = handler.get("/v1/schedule/preview?schedule=%40in%2090s&from=2030-01-01T00:00:00Z").json
    assert (answer["normalized"], [at["utc"] for at in answer["next"]]) == (
        "@at 2030-01-01T00:01:30Z", ["2030-01-01T00:01:30Z"])


# --- the window ---------------------------------------------------------------------------------------------------


def test_a_window_opens_and_closes(handler, runner, hook):
    begin = soon(1)
    job_id = handler.schedule("* * * * * *", hook.url, starts_at=rfc3339(begin), ends_at=rfc3339(begin + 2))
    assert [at["unix"] for at in handler.job(job_id).json["next"]] == [begin, begin + 1, begin + 2]
    wait_until_completed(handler, job_id)
    records = handler.wait_for_executions(job_id, 3)
    assert sorted(e["scheduled_time"] for e in records) == [begin, begin + 1, begin + 2]
    assert why(handler, job_id, rfc3339(begin + 3)) == "outside_window"


def test_every_begins_with_the_window(handler):
    job = handler.job(handler.schedule("@every 90s", "http://h/", starts_at=LATER)).json
    assert [at["utc"][11:] for at in job["next"]][:2] == ["08:00:00Z", "08:01:30Z"]
    assert job["starts_at"] == "2037-01-31T08:00:00Z"


@pytest.mark.parametrize("fields, code, text", [
    ({"starts_at": "2037-02-02T00:00:00Z", "ends_at": "2037-02-01T00:00:00Z"}, "VALIDATION_ERROR", "before starts_at"),
    ({"ends_at": "2020-02-01T00:00:00Z"}, "JOB_CREATION_FAILED", "any more before ends_at"),
    ({"ends_at": "tomorrow"}, "VALIDATION_ERROR", "it looks like")])
def test_a_window_without_any_instant(handler, fields, code, text):
    answer = post(handler, "@daily", **fields)
    assert (answer.status, answer.code, answer.error["field"]) == (400, code, "ends_at")
    assert text in answer.error["message"]


# --- the offset ---------------------------------------------------------------------------------------------------


@BOTH
def test_jitter_is_the_same_from_call_to_call(handler, runner, hook, kind):
    job_id = handler.schedule("* * * * * *", hook.url, kind, jitter_ms=3600000)
    records = handler.wait_for_executions(job_id, 3)
    offset, = {e["scheduled_time_ms"] % 1000 for e in records}
    assert {int(at["utc"][20:23] or 0) for at in handler.job(job_id).json["next"]} == {offset}
    times = sorted(e["scheduled_time_ms"] for e in records)
    assert [b - a for a, b in zip(times, times[1:])] == [1000] * (len(times) - 1)


def test_jitter_and_what_asks_for_instants(handler):
    job_id = handler.schedule("0 12 * * *", "http://h/", jitter_ms=3600000)
    at = handler.job(job_id).json["next"][1]["utc"]  # the second: 11:59:59 of the first one's day may be before the job was created
    assert "12:00:00" <= at[11:19] <= "13:00:00"
    assert why(handler, job_id, at) == "not_yet"
    assert why(handler, job_id, at[:10] + "T11:59:59Z") == "not_scheduled"


# --- max_runs -----------------------------------------------------------------------------------------------------


@BOTH
def test_two_runs_are_two_calls(handler, runner, hook, kind):
    job_id = handler.schedule("* * * * * *", hook.url, kind, max_runs=2, starts_at=rfc3339(soon(1)))
    assert len(handler.job(job_id).json["next"]) == 2
    job = wait_until_completed(handler, job_id)
    assert (job["counts"]["runs"], job["next"]) == (2, [])
    handler.wait_for_executions(job_id, 2)
    assert why(handler, job_id, rfc3339(time.time() + 2)) == "completed"
    assert len(hook.calls) == 2


def test_runs_by_hand_do_not_count(handler, runner, hook):
    job_id = handler.schedule(NEVER_SOON, hook.url, max_runs=1)
    for n in (1, 2):
        handler.run(job_id)
        hook.wait_for_calls(n)
    job = handler.job(job_id).json
    assert (job["state"], job["counts"]["runs"], len(job["next"])) == ("ACTIVE", 0, 1)


def test_retries_do_not_count(handler, runner, hook):
    job_id = handler.schedule("* * * * * *", hook.answers(status(500)).url, "ATLEAST_ONCE", max_runs=1,
                              retry={"max_attempts": 3, "min_backoff_ms": 100, "max_backoff_ms": 100})
    wait_until_completed(handler, job_id)
    records = handler.wait_for_executions(job_id, 3)
    assert sorted(e["attempt"] for e in records) == [1, 2, 3]
    assert handler.job(job_id).json["counts"]["runs"] == 1


def test_an_occurrence_that_waits_for_another_counts(handler, runner, hook, pass_instants):
    job_id = handler.schedule("* * * * * *", hook.answers(slow(1.5)).url, overlap="queue", max_runs=2)
    wait_until_completed(handler, job_id)
    records = handler.wait_for_executions(job_id, 2)
    pass_instants(2)
    assert len(hook.calls) == len(records) == 2 == handler.job(job_id).json["counts"]["runs"]


def test_more_runs_resume_the_job_and_fewer_end_it(handler, runner, hook):
    job_id = handler.schedule("* * * * * *", hook.url, max_runs=1)
    wait_until_completed(handler, job_id)
    assert handler.patch(job_id, {"max_runs": 3}).json["state"] == "ACTIVE"
    assert wait_until_completed(handler, job_id)["counts"]["runs"] == 3
    handler.patch(job_id, {"max_runs": 1000})
    hook.wait_for_calls(4)
    assert handler.patch(job_id, {"max_runs": 2}).json["state"] == "COMPLETED"


def test_a_claim_that_max_runs_has_overtaken_is_not_called(handler, redis, hook, make_runner):
    job_id = handler.schedule("* * * * * *", hook.url, max_runs=2)
    with redis.client() as db:
        db.hset(job_key(job_id), "runs", 2)
        make_runner()
        wait_for(lambda: handler.job(job_id).json["state"] == "COMPLETED")
        assert db.zscore(key_of(job_id, "due"), id_bytes(job_id)) is None
    assert hook.calls == []


# --- all of it ----------------------------------------------------------------------------------------------------


def test_it_is_told_as_it_was_given_and_comes_back_from_an_export(handler, redis):
    fields = {"starts_at": LATER, "ends_at": "2038-01-31T09:00:00Z", "jitter_ms": 5000, "max_runs": 7}
    job_id = handler.schedule("@hourly", "http://h/", **fields)
    handler.schedule(f"@at {LATER}", "http://h/")
    handler.schedule("@in 1h", "http://h/", jitter_ms=1000)
    before, job = handler.export(), handler.job(job_id).json
    assert {name: job[name] for name in fields} == {**fields, "starts_at": "2037-01-31T08:00:00Z"}
    for line in before.splitlines():
        assert handler.delete(json.loads(line)["job_id"]).status == 204
    assert handler.batch(before).status == 200
    assert handler.export() == before


def test_a_patch_takes_them_away(handler):
    job_id = handler.schedule("@hourly", "http://h/", starts_at=LATER, jitter_ms=5000, max_runs=7)
    job = handler.patch(job_id, {"starts_at": None, "jitter_ms": None, "max_runs": None}).json
    assert not {"starts_at", "jitter_ms", "max_runs"} & set(job)
    assert job["next"][0]["utc"].endswith(":00:00Z")
