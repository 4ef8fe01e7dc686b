"""GET /health/deep: the truth about Redis, within a second, and by itself when it changes."""
import time

import pytest
from redis.exceptions import BusyLoadingError, RedisError

from harness import NEVER_SOON, SCALE, free_port, wait_for

WORDS = ("unreachable", "refused", "loading", "read-only", "full")


def deep(client):
    """What it says of Redis in a word, and that it says it in time and in the form that is promised."""
    began = time.monotonic()
    answer = client.get("/health/deep")
    took = time.monotonic() - began
    assert took < 1.0 * SCALE, f"took {took:.3f} s"
    word = answer.json["checks"]["redis"]
    if word == "healthy":
        assert (answer.status, answer.json["status"]) == (200, "healthy")
    else:
        assert (answer.status, answer.json["status"]) == (503, "unhealthy") and word in WORDS
    assert set(answer.json) - {"warnings"} == {"status", "checks", *(["reason"] if word == "refused" else [])}
    return word


def recovers(client):
    wait_for(lambda: deep(client) == "healthy", 5, "recovery by itself")
    assert client.get("/health").json == {"status": "healthy"}


def test_killed_redis_is_unreachable_until_it_is_back(redis, handler):
    assert deep(handler) == "healthy"
    redis.kill()
    assert [deep(handler) for _ in range(3)] == ["unreachable"] * 3
    assert handler.get("/health").status == 200
    redis.start()
    recovers(handler)


def test_stopped_redis_is_unreachable_until_it_goes_on(redis, handler):
    assert deep(handler) == "healthy"
    redis.pause()
    assert [deep(handler) for _ in range(3)] == ["unreachable"] * 3
    redis.resume()
    recovers(handler)


def test_redis_that_was_stopped_from_the_start_is_unreachable(redis, handler):
    redis.pause()
    assert deep(handler) == "unreachable"
    redis.resume()
    recovers(handler)


@pytest.mark.parametrize("change", ["password", "user"])
def test_wrong_login_is_refused(make_redis, home, make_handler, change):
    redis = make_redis(password="right", folder="locked")
    wrong = {"password": {"REDIS_PASSWORD": "wrong"}, "user": {"REDIS_USERNAME": "nobody"}}[change]
    handler = make_handler(REDIS_SOCKET=redis.socket, **{"REDIS_PASSWORD": "right", **wrong})
    assert deep(handler) == "refused"
    assert "right" not in handler.err.replace("copyright", "") or change == "user"


def test_password_that_is_changed_is_refused(redis, handler):
    assert deep(handler) == "healthy"
    with redis.client() as db:
        db.config_set("requirepass", "changed")
        redis.password = "changed"
    redis.drop_clients()
    assert deep(handler) == "refused"
    with redis.client() as db:
        db.config_set("requirepass", "")
        redis.password = None
    recovers(handler)


def test_loading_redis_is_loading_until_it_has_loaded(make_redis, make_handler):
    redis = make_redis("--appendonly", "no", folder="loading")
    with redis.client() as db:
        db.mset({f"key{n}": "x" * 2000 for n in range(300)})
        db.save()
    handler = make_handler(REDIS_SOCKET=redis.socket)
    assert deep(handler) == "healthy"
    redis.kill()
    redis.start("--key-load-delay", "8000", "--loading-process-events-interval-bytes", "1024", wait=False)
    wait_for(lambda: is_loading(redis), what="a Redis that loads")
    assert deep(handler) == "loading"
    recovers(handler)


def is_loading(redis):
    try:
        return not redis.client(socket_timeout=1).ping()
    except BusyLoadingError:
        return True
    except RedisError:
        return False  # not even that


# --- what a POST needs --------------------------------------------------------------------------------------------------

JOB = {"schedule": NEVER_SOON, "api": "http://127.0.0.1:9/", "type": "ATMOST_ONCE"}


def is_unable(handler, word):
    """A POST is refused, and the check says why."""
    assert handler.post(JOB).status == 500
    assert [deep(handler), deep(handler)] == [word, word]


def is_able_again(handler):
    recovers(handler)
    assert handler.post(JOB).status == 201


@pytest.mark.parametrize("serves_stale_data", ["yes", "no"])
def test_replica_is_read_only(redis, handler, serves_stale_data):
    assert deep(handler) == "healthy"
    with redis.client() as db:
        db.config_set("replica-serve-stale-data", serves_stale_data)
        db.replicaof("127.0.0.1", free_port())
        is_unable(handler, "read-only")
        db.replicaof("NO", "ONE")
    is_able_again(handler)


def test_master_without_the_replicas_that_it_is_to_have_is_read_only(redis, handler):
    with redis.client() as db:
        db.config_set("min-replicas-to-write", 1)
        is_unable(handler, "read-only")
        db.config_set("min-replicas-to-write", 0)
    is_able_again(handler)


def test_redis_without_memory_is_full(redis, handler):
    with redis.client() as db:
        db.config_set("maxmemory", "100kb")
        is_unable(handler, "full")
        db.config_set("maxmemory", 0)
    is_able_again(handler)


def test_redis_that_cannot_write_its_disk_is_full(redis, handler):
    obstacle = redis.home / "dump.rdb" / "not-empty"
    obstacle.mkdir(parents=True)
    with redis.client() as db:
        db.config_set("save", "3600 1")
        db.bgsave()
        wait_for(lambda: db.info("persistence")["rdb_last_bgsave_status"] == "err")
        is_unable(handler, "full")
        obstacle.rmdir()
        obstacle.parent.rmdir()
        db.config_set("save", "")
    is_able_again(handler)


@pytest.mark.parametrize("missing", [["-evalsha"], ["-hset"], ["-zadd"], ["-publish"], ["resetchannels"],
                                     ["resetkeys", "~other:*"]], ids=" ".join)
def test_right_that_is_missing_is_refused(redis, make_handler, missing):
    with redis.client() as db:
        db.execute_command("ACL", "SETUSER", "dronc", "on", ">one", "+@all", "~*", "&*")
        handler = make_handler(REDIS_USERNAME="dronc", REDIS_PASSWORD="one")
        assert deep(handler) == "healthy"
        db.execute_command("ACL", "SETUSER", "dronc", *missing)
        assert handler.post(JOB).status == 500 or missing in (["-publish"], ["resetchannels"])
        assert deep(handler) == "refused"
        assert "may not" in handler.get("/health/deep").json["reason"]
        db.execute_command("ACL", "SETUSER", "dronc", "resetkeys", "resetchannels", "+@all", "~*", "&*")
    is_able_again(handler)


def test_database_of_another_version_is_refused_with_what_is_in_it(redis, make_handler):
    with redis.client() as db:
        db.set("dronc:shards", 8)
        handler = make_handler()
        is_unable(handler, "refused")
        assert "8 shards" in handler.get("/health/deep").json["reason"]
        db.set("dronc:shards", 16)
    is_able_again(handler)


def test_check_changes_nothing_and_costs_no_disk(redis, handler):
    handler.schedule(NEVER_SOON, JOB["api"])
    with redis.client() as db:
        before = {key: db.dump(key) for key in db.keys("*")}
        written = db.info("persistence")["aof_current_size"]
        assert [deep(handler) for _ in range(5)] == ["healthy"] * 5
        assert {key: db.dump(key) for key in db.keys("*")} == before
        assert db.info("persistence")["aof_current_size"] == written
        db.flushall()
        assert deep(handler) == "healthy"
        assert db.get("dronc:shards") == b"16"


# --- a node of a cluster ------------------------------------------------------------------------------------------------


def test_node_of_a_cluster_ends_a_handler_at_its_start(make_redis, make_handler):
    node = make_redis("--cluster-enabled", "yes", "--cluster-port", str(free_port()), port=free_port(), folder="node")
    handler = make_handler(REDIS_SOCKET=node.socket)
    assert handler.exit_code() == 2
    assert "cluster" in handler.err


def test_node_of_a_cluster_that_comes_later_is_refused_by_name(redis, handler):
    assert deep(handler) == "healthy"
    redis.kill()
    redis.start("--cluster-enabled", "yes", "--cluster-port", str(free_port()), "--port", str(free_port()), "--appendonly", "no")
    assert handler.post(JOB).status == 500
    assert deep(handler) == "refused"
    assert "cluster" in handler.get("/health/deep").json["reason"]


# --- a Redis that may lose jobs -------------------------------------------------------------------------------------------


def test_redis_that_keeps_all_is_not_warned_of(redis, handler):
    assert handler.get("/health/deep").json == {"status": "healthy", "checks": {"redis": "healthy"}}
    assert "may lose" not in handler.err


LOSSY = {"appendonly": ("appendonly", "no"), "maxmemory": ("maxmemory", "0"), "appendfsync": ("appendfsync", "no"), "maxmemory-policy": ("maxmemory-policy", "allkeys-lru")}


@pytest.mark.parametrize("setting, value", LOSSY.values(), ids=LOSSY.keys())
def test_redis_that_may_lose_jobs_is_healthy_with_a_warning(redis, make_handler, setting, value):
    with redis.client() as db:
        db.config_set(setting, value)
    handler = make_handler()
    answer = handler.get("/health/deep")
    assert (answer.status, answer.json["status"]) == (200, "healthy")
    warning, = answer.json["warnings"]
    assert f"{setting} is {value}" in warning
    event = "redis may run out of memory" if setting == "maxmemory" else "redis may lose jobs"
    line, = wait_for(lambda: [line for line in handler.err.splitlines() if event in line])
    assert '"warn"' in line and f"{setting} is {value}" in line


def test_user_that_may_not_ask_is_not_told_anything(redis, make_handler):
    with redis.client() as db:
        db.config_set("appendonly", "no")
        db.execute_command("ACL", "SETUSER", "dronc", "on", ">one", "+@all", "-info", "-config", "~*", "&*")
    handler = make_handler(REDIS_USERNAME="dronc", REDIS_PASSWORD="one")
    assert handler.get("/health/deep").json == {"status": "healthy", "checks": {"redis": "healthy"}}


# --- the connection, and the whole stack --------------------------------------------------------------------------------


def test_connections_that_were_closed_do_not_show(redis, handler):
    assert deep(handler) == "healthy"
    redis.drop_clients()
    assert deep(handler) == "healthy"


def test_whole_stack_says_so_too(make_stack, redis):
    stack = make_stack(**redis.settings()).start()
    assert deep(stack) == "healthy"
    redis.pause()
    assert [deep(stack) for _ in range(4)] == ["unreachable"] * 4
    redis.resume()
    recovers(stack)


def test_requests_do_not_queue_up_behind_a_stopped_redis(make_stack, redis):
    """Two handlers, ten callers at once: each gets its answer within two seconds, whatever it is."""
    from concurrent.futures import ThreadPoolExecutor
    stack = make_stack(**redis.settings()).start()
    redis.pause()
    began = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: stack.get("/health/deep").status, range(10)))
    assert answers == [503] * 10
    assert time.monotonic() - began < 2.0
    redis.resume()
