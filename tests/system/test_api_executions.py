"""GET /v1/track/executions: which attempts it shows, in which order, and in which form."""
import time

import pytest

from harness import NEVER_SOON, at_second, id_bytes, job_key, key_of, soon
from planted import job_ids, plant
from target import status

TYPES = {"id": str, "job_id": str, "scheduled_time": int, "execution_time": int, "status_code": int, "success": bool, "time_taken_ms": int}


@pytest.fixture
def db(redis):
    with redis.client() as db:
        yield db


@pytest.fixture
def busy(handler, db):
    """A handler on a Redis that holds 40 jobs with 100 attempts each, one every 10 ms."""
    jobs, start = job_ids(40, seed=1), 1_700_000_000
    plant(db, {job_id: [start + k * 0.4 + n * 0.01 for k in range(100)] for n, job_id in enumerate(jobs)})
    return handler


# --- the form -----------------------------------------------------------------------------------------------------


def test_nothing_has_happened_yet(handler):
    assert handler.get("/v1/track/executions").json == {"count": 0, "executions": []}


def test_execution_has_its_fields(stack, hook):
    instant = soon()
    job_id = stack.schedule(at_second(instant), hook.url)
    execution = stack.wait_for_executions(job_id)[0]
    assert {name: type(execution[name]) for name in TYPES} == TYPES
    assert (execution["job_id"], execution["scheduled_time"]) == (job_id, instant)
    assert (execution["status_code"], execution["success"], execution["attempt"]) == (200, True, 1)
    assert execution["execution_time"] == int(hook.calls[0].at)
    assert 0 <= execution["time_taken_ms"] < 2000


def test_failure_has_its_status_and_a_text(stack, hook):
    hook.answers(status(503))
    execution = stack.wait_for_executions(stack.schedule(at_second(soon()), hook.url))[0]
    assert (execution["status_code"], execution["success"]) == (503, False)
    assert "503" in execution["error"]


def test_no_answer_is_status_zero(stack):
    execution = stack.wait_for_executions(stack.schedule(at_second(soon()), "http://127.0.0.1:1/"))[0]
    assert (execution["status_code"], execution["success"]) == (0, False)
    assert execution["error"] and abs(execution["execution_time"] - time.time()) < 60


def test_count_is_the_number_of_executions(busy):
    answer = busy.get("/v1/track/executions?limit=7").json
    assert (answer["count"], len(answer["executions"])) == (7, 7)


def test_ids_are_unique(busy):
    ids = [execution["id"] for execution in busy.executions(limit=200)]
    assert len(set(ids)) == 200


# --- limit --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit, count", [("", 50), ("?limit=1", 1), ("?limit=50", 50), ("?limit=200", 200), ("?limit=201", 200),
                                          ("?limit=100000", 200), ("?limit=99999999999999999999999", 200), ("?limit=007", 7),
                                          ("?limit=%35", 5)])
def test_limit_says_how_many(busy, limit, count):
    assert busy.get(f"/v1/track/executions{limit}").json["count"] == count


@pytest.mark.parametrize("limit", ["0", "-1", "x", "", "1.5", "1e-3", "1e", "+5", "%205", "5%20", "0x10", "5,", "000", "%00", "5%00", "٥"])
def test_bad_limit_is_refused(handler, limit):
    answer = handler.get(f"/v1/track/executions?limit={limit}")
    assert (answer.status, answer.code, answer.error["field"]) == (400, "INVALID_REQUEST", "limit")


def test_limit_given_twice_is_refused(handler):
    answer = handler.get("/v1/track/executions?limit=5&limit=6")
    assert (answer.status, answer.code, answer.error["field"]) == (400, "INVALID_REQUEST", "limit")


@pytest.mark.parametrize("job_id", ["", "x", "capi:", "capi:" + "a" * 63, "capi:" + "a" * 65, "capi:" + "A" * 64, "a" * 64,
                                    "CAPI:" + "a" * 64, "capi:" + "g" * 64, "capi:*", "capi:" + "a" * 63 + "%00"])
def test_bad_job_id_is_refused(handler, job_id):
    answer = handler.get(f"/v1/track/executions?job_id={job_id}")
    assert (answer.status, answer.code, answer.error["field"]) == (400, "INVALID_REQUEST", "job_id")


# --- which, and in which order ------------------------------------------------------------------------------------


def test_newest_comes_first(busy):
    times = [execution["execution_time_ms"] for execution in busy.executions(limit=200)]
    assert times == sorted(times, reverse=True)
    assert times[0] == 1_700_000_039_990 + 7
    assert times[0] - times[-1] == 1990


def test_newest_of_one_busy_shard_are_not_missed(handler, db):
    """All of the latest ones in one shard, older ones in the others."""
    first, *others = job_ids(60, seed=2)
    plant(db, {job_id: [1_700_000_000] for job_id in others} | {first: [1_700_000_100 + n for n in range(150)]})
    executions = handler.executions(limit=200)
    assert [e["job_id"] for e in executions[:150]] == [first] * 150
    assert len(executions) == 150 + 50


def test_job_id_shows_that_job_alone(busy):
    job_id = job_ids(40, seed=1)[17]
    executions = busy.executions(job_id=job_id, limit=30)
    assert {execution["job_id"] for execution in executions} == {job_id}
    assert [e["scheduled_time_ms"] for e in executions] == [1_700_000_000_170 + k * 400 for k in range(99, 69, -1)]


def test_job_is_found_however_many_others_happened_since(handler, db):
    quiet, *others = job_ids(10, seed=3)
    plant(db, {quiet: [1_600_000_000 + n for n in range(3)]})
    plant(db, {job_id: [1_700_000_000 + n * 0.01 + k for k in range(1000)] for n, job_id in enumerate(others)})
    db.config_resetstat()
    assert [e["scheduled_time"] for e in handler.executions(job_id=quiet)] == [1_600_000_002, 1_600_000_001, 1_600_000_000]
    assert "cmdstat_xrevrange" not in db.info("commandstats"), "others were read"
    assert quiet not in {e["job_id"] for e in handler.executions(limit=200)}


def test_history_of_a_job_keeps_its_latest_200(handler, db):
    job_id, = job_ids(1, seed=4)
    plant(db, {job_id: [1_700_000_000 + n for n in range(250)]})
    assert [e["scheduled_time"] for e in handler.executions(job_id=job_id, limit=200)] == [1_700_000_249 - n for n in range(200)]


def test_unknown_job_has_no_executions(handler):
    assert handler.executions(job_id="capi:" + "0" * 64) == []


def test_job_that_was_never_called_has_no_executions(stack):
    assert stack.executions(job_id=stack.schedule(NEVER_SOON, "http://127.0.0.1:9/never-called")) == []


# --- what others wrote --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("garbage", [b"", b"garbage", b"o:s", b"s:1", b"o:? s:1", b"o:s s:x a:1", b"o:s s:99999999999999999999 a:1",
                                     b"\0\xff", b"o:s s:1 h:x", b"{}"])
def test_malformed_record_is_skipped(handler, db, garbage):
    job_id, = job_ids(1, seed=5)
    plant(db, {job_id: [1_700_000_000]})
    db.lpush(job_key(job_id, "history"), garbage)
    db.xadd(key_of(job_id, "executions"), {"j": id_bytes(job_id), "r": garbage})
    plant(db, {job_id: [1_700_000_001]}, feed=False)
    assert [e["scheduled_time"] for e in handler.executions(job_id=job_id)] == [1_700_000_001, 1_700_000_000]
    assert [e["scheduled_time"] for e in handler.executions()] == [1_700_000_000]


@pytest.mark.parametrize("fields", [{"x": "y"}, {"j": "short", "r": "o:s s:1 a:1"}, {"j": "x" * 32}, {"a": "b", "c": "d", "e": "f"}])
def test_entry_of_another_form_is_skipped(handler, db, fields):
    job_id, = job_ids(1, seed=6)
    plant(db, {job_id: [1_700_000_000]})
    db.xadd(key_of(job_id, "executions"), fields)
    assert [e["scheduled_time"] for e in handler.executions()] == [1_700_000_000]


def test_control_characters_in_a_record_stay_json(handler, db):
    job_id, = job_ids(1, seed=7)
    db.lpush(job_key(job_id, "history"), b'o:f s:1700000000000 a:1 x:1 t:1 h:0 l:0 c:dns e:"\\ \xff\x01 </script> \xc3\xa9')
    error = handler.executions(job_id=job_id)[0]["error"]
    assert error.startswith('"\\ ') and error.endswith("é")
