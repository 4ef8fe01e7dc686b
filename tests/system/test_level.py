"""Older and newer versions on one database: what is stored has a level (lib/store/store_level.h), and who cannot read that leaves it alone."""
import signal
import time

import pytest

import target as t
from harness import NEVER_SOON, at_second, soon, wait_for

JOB = {"schedule": NEVER_SOON, "api": "http://127.0.0.1:9/", "type": "ATMOST_ONCE"}
LEVEL_0, LEVEL_1, LEVEL_3, NEWER = b"16", b"10016", b"30016", "990016"  # in dronc:shards, above the number of shards


def level(redis):
    with redis.client() as db:
        return db.get("dronc:shards")


def set_level(redis, value):
    with redis.client() as db:
        db.set("dronc:shards", value)


# --- what raises it -----------------------------------------------------------------------------------------------------

NEW = {"max_runs": {"max_runs": 3}, "jitter_ms": {"jitter_ms": 5}, "starts_at": {"starts_at": "2100-01-01T00:00:00Z"},
       "ends_at": {"ends_at": "2199-01-01T00:00:00Z"}, "@at": {"schedule": "@at 2100-01-01T00:00:00Z"}, "@in": {"schedule": "@in 90m"}}


def test_jobs_that_every_version_reads_leave_the_database_as_it_is(redis, handler):
    assert handler.post({**JOB, "overlap": "skip", "tags": ["x"], "retry": {"max_attempts": 2}, "name": "n"}).status == 201
    assert level(redis) == LEVEL_0


@pytest.mark.parametrize("field", NEW.values(), ids=NEW.keys())
def test_job_that_an_older_version_misreads_raises_the_level(redis, handler, field):
    assert handler.post({**JOB, **field}).status == 201
    assert level(redis) == LEVEL_1


SECRET = {"signing": {"signing": "orders"}, "header": {"headers": {"Authorization": "Bearer {{secret.token}}"}},
          "body": {"method": "POST", "body": '{"key":"{{secret.token|json}}"}'}}


@pytest.mark.parametrize("field", SECRET.values(), ids=SECRET.keys())
def test_job_with_a_secret_or_a_signature_raises_it_further(redis, handler, field):
    assert handler.post({**JOB, **field}).status == 201
    assert level(redis) == LEVEL_3


def test_change_raises_it_too(redis, handler):
    job_id = handler.post(JOB).json["job_id"]
    assert level(redis) == LEVEL_0
    assert handler.patch(job_id, {"max_runs": 3}).status == 200
    assert level(redis) == LEVEL_1


def test_batch_and_backup_raise_it_too(redis, handler):
    lines = [JOB, {**JOB, "jitter_ms": 5}]
    assert all("job_id" in line for line in handler.batch(lines).lines)
    assert level(redis) == LEVEL_1
    backup = handler.export()
    with redis.client() as db:
        db.flushall()
        wait_for(lambda: handler.get("/health/deep").status == 200 and db.get("dronc:shards"))
    began = time.monotonic()
    wait_for(lambda: time.monotonic() > began + 1.1)  # a handler looks at the database once a second
    assert all("job_id" in line for line in handler.batch(backup).lines)
    assert level(redis) == LEVEL_1


def test_it_costs_nothing_once_it_is_raised(redis, handler):
    job = {**JOB, "max_runs": 3}
    handler.post(job)
    with redis.client() as db:
        db.config_resetstat()
        for n in range(50):
            assert handler.post({**job, "api": f"http://127.0.0.1:9/{n}"}).status == 201
        asked = db.info("commandstats")["cmdstat_evalsha"]["calls"]
    assert asked <= 50 + 3, asked  # a look in each second


def test_nothing_is_stored_where_it_cannot_be_raised(redis, handler):
    handler.post(JOB)
    with redis.client() as db:
        jobs = len(db.keys("dronc:*:job:*"))
        db.config_set("maxmemory", "100kb")
        assert handler.post({**JOB, "max_runs": 3}).status == 500
        db.config_set("maxmemory", 0)
        assert (len(db.keys("dronc:*:job:*")), db.get("dronc:shards")) == (jobs, LEVEL_0)
    assert handler.post({**JOB, "max_runs": 3}).status == 201
    assert level(redis) == LEVEL_1


def test_it_is_never_lowered(redis, handler, make_runner):
    handler.post({**JOB, "max_runs": 3})
    make_runner()
    handler.post(JOB)
    assert level(redis) == LEVEL_1


# --- who cannot read it -------------------------------------------------------------------------------------------------


def test_runner_claims_nothing_of_a_newer_version(redis, runner, handler, target):
    """Until it is stopped, or the other version's jobs are gone: what is under way ends and is recorded."""
    held, hook = target.hook().answers(t.held), target.hook()
    held_job = handler.schedule(at_second(soon()), held.url)
    held.wait_for_calls()
    handler.schedule("* * * * * *", hook.url, "ATLEAST_ONCE")
    hook.wait_for_calls(2)
    set_level(redis, NEWER)
    said, = wait_for(lambda: runner.events("nothing is claimed"))
    assert "newer version" in said["error"] and "level 99" in said["error"] and "put that version" in said["error"]
    with redis.client() as db:
        wait_for(lambda: sum(db.hlen(key) for key in db.keys("dronc:*:claimed:*")) == 1, what="what was not sent is handed back")
    count, held_back = len(hook.calls), time.monotonic()
    held.release()
    wait_for(lambda: time.monotonic() > held_back + 2.5)
    assert len(hook.calls) == count
    with redis.client() as db:
        assert not db.keys("dronc:*:claimed:*"), "the call that was under way is recorded"
    assert len(runner.events("nothing is claimed")) == 1
    set_level(redis, "16")
    wait_for(lambda: len(hook.calls) > count)
    execution, = handler.wait_for_executions(held_job)
    assert execution["outcome"] == "succeeded"
    keys = [call.key for call in hook.calls]
    assert len(set(keys)) == len(keys)


def test_runner_that_starts_beside_a_newer_version_claims_nothing_and_can_be_stopped(redis, make_runner, handler, hook):
    handler.schedule("* * * * * *", hook.url, "ATLEAST_ONCE")
    set_level(redis, NEWER)
    runner = make_runner()
    wait_for(lambda: runner.events("nothing is claimed"))
    with redis.client() as db:
        wait_for(lambda: db.zcard("dronc:runners") == 1)
    began = time.monotonic()
    wait_for(lambda: time.monotonic() > began + 2.5)
    assert not hook.calls
    runner.signal(signal.SIGTERM)
    assert runner.exit_code() == 0


def test_runner_hears_of_it_at_once(redis, runner):
    """Not only with the next heartbeat: the program that raises it informs all runners."""
    with redis.client() as db:
        wait_for(lambda: db.pubsub_numsub("dronc:wake")[0][1] == 1)
        wait_for(lambda: db.zcard("dronc:runners") == 1)
        db.config_resetstat()
        before = db.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"]
        db.publish("dronc:wake", "level 99")
        wait_for(lambda: db.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"] > before, 0.9)


def test_handler_leaves_jobs_of_a_newer_version_alone(redis, handler):
    job_id = handler.post(JOB).json["job_id"]
    set_level(redis, NEWER)
    wait_for(lambda: handler.patch(job_id, {"description": "x"}).status == 500, 3)
    assert handler.post(JOB).status == 500
    answer = handler.get("/health/deep")
    assert (answer.status, answer.json["checks"]["redis"]) == (503, "refused")
    assert "newer version" in answer.json["reason"] and "99" in answer.json["reason"]
    set_level(redis, "16")
    wait_for(lambda: handler.post({**JOB, "api": "http://127.0.0.1:9/other"}).status == 201, 3)
