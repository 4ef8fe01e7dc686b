"""GET /v1/jobs/{id}/why?at=: what happened at an instant, or why nothing did."""
import time
from urllib.parse import quote

import pytest

from harness import NEVER_SOON, at_second, job_key, key_of, id_bytes, soon, wait_for

AT_NOON = "0 12 * * *"


def why(client, job_id, at):
    text = at if isinstance(at, str) else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    answer = client.job(job_id, f"/why?at={quote(text)}")
    assert answer.status == 200, answer
    return answer.json


def made_in_2020(redis, job_id):
    with redis.client() as db:
        db.hset(job_key(job_id), "created", 1577836800_000)


@pytest.mark.parametrize("schedule, at, field", [
    (AT_NOON, "2030-05-01T13:00:00Z", "hour"), (AT_NOON, "2030-05-01T12:01:00Z", "minute"),
    (AT_NOON, "2030-05-01T12:00:01Z", "second"), ("0 12 * 6 *", "2030-05-01T12:00:00Z", "month"),
    ("0 12 2 * *", "2030-05-01T12:00:00Z", "day-of-month"), ("0 12 * * MON", "2030-05-01T12:00:00Z", "day-of-week"),
    ("0 12 2 * MON", "2030-05-01T12:00:00Z", "day"), ("0 0 12 * * ? 2031", "2030-05-01T12:00:00Z", "year")])
def test_which_field_says_no(handler, schedule, at, field):
    answer = why(handler, handler.schedule(schedule, "http://h/"), at)
    assert (answer["why"], answer["field"], answer["executions"]) == ("not_scheduled", field, [])


def test_still_to_come(handler):
    answer = why(handler, handler.schedule(AT_NOON, "http://h/"), "2030-05-01T12:00:00Z")
    assert answer["why"] == "not_yet" and answer["next"][0]["utc"] == "2030-05-02T12:00:00Z"


def test_before_the_job_was_made(handler):
    assert why(handler, handler.schedule(AT_NOON, "http://h/"), "2020-05-01T12:00:00Z")["why"] == "not_created"


def test_paused_with_the_note(handler):
    job_id = handler.schedule("* * * * * *", "http://127.0.0.1:1/")
    handler.pause(job_id, {"note": "moving"})
    answer = why(handler, job_id, time.time() + 1)
    assert (answer["why"], answer["state_reason"], answer["state_note"]) == ("paused", "user", "moving")


def test_a_gap_and_an_overlap_of_the_clock(handler, redis):
    job_id = handler.schedule("30 2 * * *", "http://h/", timezone="Europe/Berlin")
    gap = why(handler, job_id, "2030-03-31T02:30:00+01:00")
    assert (gap["why"], gap["called_at"]) == ("dst_gap", "2030-03-31T01:00:00Z")
    assert why(handler, job_id, "2030-10-27T02:30:00+01:00")["why"] == "dst_overlap"
    assert why(handler, job_id, "2030-10-27T02:30:00+02:00")["why"] == "not_yet"
    assert why(handler, job_id, "2030-03-31T04:30:00+02:00")["field"] == "hour"


def test_what_was_recorded(handler, runner, hook):
    at = soon()
    job_id = handler.schedule(at_second(at), hook.url)
    record, = handler.wait_for_executions(job_id)
    answer = why(handler, job_id, at)
    assert (answer["why"], answer["executions"]) == ("succeeded", [record])


def test_missed_because_nobody_was_there(handler, redis, make_runner):
    job_id = handler.schedule("0 * * * * *", "http://127.0.0.1:1/")
    latest = int(time.time()) // 60 * 60
    with redis.client() as db:
        db.hset(job_key(job_id), "created", (latest - 1000) * 1000)
        db.zadd(key_of(job_id, "due"), {id_bytes(job_id): (latest - 600) * 1000})
    assert why(handler, job_id, latest - 300)["why"] == "waiting"
    make_runner()
    wait_for(lambda: handler.executions(job_id=job_id))
    assert why(handler, job_id, latest - 300)["why"] == "missed"


def test_nothing_is_known_of_it(handler, redis):
    job_id = handler.schedule(AT_NOON, "http://h/")
    made_in_2020(redis, job_id)
    assert why(handler, job_id, "2021-05-01T12:00:00Z")["why"] == "not_recorded"


@pytest.mark.parametrize("attempt", [0, 1], ids=["put off", "handed back"])
def test_the_only_occurrence_waits_to_be_made(handler, redis, attempt):
    """There is no record of it, and no instant stands for the job any more: the occurrence is in retry alone, as a runner would write it."""
    at = int(time.time()) - 300
    job_id = handler.schedule(AT_NOON, "http://h/")
    with redis.client() as db:
        created = (at - 1000) * 1000
        db.hset(job_key(job_id), mapping={"created": created, "state": "COMPLETED", "schedule": at_second(at)})
        db.zrem(key_of(job_id, "due"), id_bytes(job_id))
        assert why(handler, job_id, at)["why"] == "completed"
        db.zadd(key_of(job_id, "retry"), {id_bytes(job_id) + f"{at}000:{attempt}.{created}".encode(): (at + 900) * 1000})
        assert why(handler, job_id, at)["why"] == "waiting"
        db.hset(job_key(job_id), "created", created + 1)  # another job of that id
        assert why(handler, job_id, at)["why"] == "completed"


@pytest.mark.parametrize("query", ["", "?at=", "?at=noon", "?at=2030-05-01T12:00:00"])
def test_at_is_required_and_an_instant(handler, query):
    answer = handler.job(handler.schedule(NEVER_SOON, "http://h/"), f"/why{query}")
    assert (answer.status, answer.code, answer.error["field"]) == (400, "INVALID_REQUEST", "at")
