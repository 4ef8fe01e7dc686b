"""Redis that refuses, or is not there: 500 with a code that says which, soon, and nothing half done."""
import time

import pytest

from harness import NEVER_SOON, Redis, job_key, key_of, id_bytes, snapshot, wait_for

JOB = {"schedule": NEVER_SOON, "api": "http://127.0.0.1:9/", "type": "ATMOST_ONCE"}


def fails(answer_of, status, code):
    began = time.monotonic()
    answer = answer_of()
    took = time.monotonic() - began
    assert (answer.status, answer.code) == (status, code)
    assert took < 1.0, f"took {took:.3f} s"
    return answer.error


def post(client):
    return lambda: client.post(JOB)


def get(client, query=""):
    return lambda: client.get("/v1/track/executions" + query)


@pytest.fixture(params=["kill", "pause"])
def lost(request, redis, handler):
    """A handler that has reached Redis once, before it was lost."""
    assert handler.post({**JOB, "api": "http://127.0.0.1:9/before"}).status == 201
    getattr(redis, request.param)()
    return handler


def test_post_is_a_storage_error(lost):
    error = fails(post(lost), 500, "STORAGE_ERROR")
    assert "redis.sock" not in error["message"]


def test_executions_are_a_failed_query(lost):
    fails(get(lost), 500, "EXECUTION_EVENTS_QUERY_FAILED")
    fails(get(lost, "?job_id=capi:" + "0" * 64), 500, "EXECUTION_EVENTS_QUERY_FAILED")


def test_bad_requests_are_still_told_apart(lost):
    fails(lambda: lost.post({}), 400, "INVALID_REQUEST")
    fails(get(lost, "?limit=0"), 400, "INVALID_REQUEST")


def test_all_is_well_again_when_redis_is_back(lost, redis):
    fails(post(lost), 500, "STORAGE_ERROR")
    redis.resume() if redis.program.running else redis.start()
    wait_for(lambda: lost.post(JOB).status == 201, 5, "a job that is stored")
    assert lost.executions() == []


def test_redis_that_was_never_reached_is_another_error(home, make_handler):
    handler = make_handler(REDIS_SOCKET=home / "nobody.sock")
    fails(get(handler), 500, "REDIS_NOT_INITIALIZED")
    fails(get(handler, "?job_id=capi:" + "0" * 64), 500, "REDIS_NOT_INITIALIZED")
    fails(post(handler), 500, "STORAGE_ERROR")


def test_redis_that_comes_later_is_found(home, make_redis, make_handler):
    late = Redis(home, folder="late")
    handler = make_handler(REDIS_SOCKET=late.socket)
    fails(get(handler), 500, "REDIS_NOT_INITIALIZED")
    redis = make_redis(folder="late")
    wait_for(lambda: handler.get("/v1/track/executions").status == 200, 5)
    redis.kill()
    fails(get(handler), 500, "EXECUTION_EVENTS_QUERY_FAILED")


def test_port_where_nobody_listens_is_a_storage_error(make_handler):
    handler = make_handler(REDIS_SOCKET=None, REDIS_HOST="127.0.0.1", REDIS_PORT=1)
    fails(post(handler), 500, "STORAGE_ERROR")


def test_read_only_redis_is_a_storage_error(redis, handler):
    assert handler.post(JOB).status == 201
    with redis.client() as db:
        db.replicaof("127.0.0.1", "1")
        fails(lambda: handler.post({**JOB, "api": "http://127.0.0.1:9/2"}), 500, "STORAGE_ERROR")
        db.replicaof("NO", "ONE")
    wait_for(lambda: handler.post({**JOB, "api": "http://127.0.0.1:9/3"}).status == 201, 5)


def test_full_redis_is_a_storage_error_and_stores_nothing(redis, handler):
    with redis.client() as db:
        handler.post(JOB)
        before = snapshot(db)
        db.config_set("maxmemory", "1mb")
        fails(lambda: handler.post({**JOB, "api": "http://127.0.0.1:9/2"}), 500, "STORAGE_ERROR")
        assert handler.get("/v1/track/executions").status == 200
        assert snapshot(db) == before
        db.config_set("maxmemory", "0")
    assert handler.post({**JOB, "api": "http://127.0.0.1:9/2"}).status == 201


def test_redis_without_its_replicas_is_a_storage_error(redis, handler):
    """NOREPLICAS: Redis takes no writes because too few would have them."""
    handler.post(JOB)
    with redis.client() as db:
        db.execute_command("CONFIG", "SET", "min-replicas-to-write", "1")
        fails(lambda: handler.post({**JOB, "api": "http://127.0.0.1:9/2"}), 500, "STORAGE_ERROR")
        db.execute_command("CONFIG", "SET", "min-replicas-to-write", "0")
    assert handler.post({**JOB, "api": "http://127.0.0.1:9/2"}).status == 201


def test_scripts_that_redis_forgot_are_sent_again(redis, handler):
    handler.post(JOB)
    with redis.client() as db:
        db.script_flush()
    assert handler.post({**JOB, "api": "http://127.0.0.1:9/2"}).status == 201
    assert handler.executions() == []


def test_database_of_another_shard_count_is_refused(redis, make_handler):
    with redis.client() as db:
        db.set("dronc:shards", 8)
    fails(post(make_handler()), 500, "STORAGE_ERROR")


def test_key_of_another_type_is_a_storage_error(redis, handler):
    job_id = handler.post(JOB).json["job_id"]
    with redis.client() as db:
        db.delete(job_key(job_id), key_of(job_id, "due"))
        db.set(key_of(job_id, "due"), "garbage")
        fails(post(handler), 500, "STORAGE_ERROR")
        assert not db.exists(job_key(job_id)), "half a job was left behind"
        db.delete(key_of(job_id, "due"))
        assert handler.post(JOB).status == 201
        assert db.zscore(key_of(job_id, "due"), id_bytes(job_id))


def test_log_says_what_the_client_is_not_told(lost):
    fails(post(lost), 500, "STORAGE_ERROR")
    failed = [line for line in lost.err.splitlines() if '"request failed"' in line]
    assert "STORAGE_ERROR" in failed[-1]
