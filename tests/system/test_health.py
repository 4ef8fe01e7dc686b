"""GET /health/deep: the truth about Redis, within a second, and by itself when it changes."""
import time

import pytest
from redis.exceptions import BusyLoadingError, RedisError

from harness import wait_for

UNHEALTHY = {"status": "unhealthy", "checks": {"redis": "unreachable"}}
HEALTHY = {"status": "healthy", "checks": {"redis": "healthy"}}


def deep(client):
    """What it says, and that it says it in time."""
    began = time.monotonic()
    answer = client.get("/health/deep")
    took = time.monotonic() - began
    assert took < 1.0, f"took {took:.3f} s"
    assert (answer.status, answer.json) in ((200, HEALTHY), (503, UNHEALTHY))
    return answer.status


def recovers(client):
    wait_for(lambda: deep(client) == 200, 5, "recovery by itself")
    assert client.get("/health").json == {"status": "healthy"}


def test_killed_redis_is_unreachable_until_it_is_back(redis, handler):
    assert deep(handler) == 200
    redis.kill()
    assert [deep(handler) for _ in range(3)] == [503] * 3
    assert handler.get("/health").status == 200
    redis.start()
    recovers(handler)


def test_stopped_redis_is_unreachable_until_it_goes_on(redis, handler):
    assert deep(handler) == 200
    redis.pause()
    assert [deep(handler) for _ in range(3)] == [503] * 3
    redis.resume()
    recovers(handler)


def test_redis_that_was_stopped_from_the_start_is_unreachable(redis, handler):
    redis.pause()
    assert deep(handler) == 503
    redis.resume()
    recovers(handler)


@pytest.mark.parametrize("change", ["password", "user"])
def test_wrong_login_is_unreachable(make_redis, home, make_handler, change):
    redis = make_redis(password="right", folder="locked")
    wrong = {"password": {"REDIS_PASSWORD": "wrong"}, "user": {"REDIS_USERNAME": "nobody"}}[change]
    handler = make_handler(REDIS_SOCKET=redis.socket, **{"REDIS_PASSWORD": "right", **wrong})
    assert deep(handler) == 503
    assert "right" not in handler.err.replace("copyright", "") or change == "user"


def test_password_that_is_changed_is_unreachable(redis, handler):
    assert deep(handler) == 200
    with redis.client() as db:
        db.config_set("requirepass", "changed")
        redis.password = "changed"
    redis.drop_clients()
    assert deep(handler) == 503
    with redis.client() as db:
        db.config_set("requirepass", "")
        redis.password = None
    recovers(handler)


def test_loading_redis_is_unreachable_until_it_has_loaded(make_redis, make_handler):
    redis = make_redis("--appendonly", "no", folder="loading")
    with redis.client() as db:
        db.mset({f"key{n}": "x" * 2000 for n in range(300)})
        db.save()
    handler = make_handler(REDIS_SOCKET=redis.socket)
    assert deep(handler) == 200
    redis.kill()
    redis.start("--key-load-delay", "8000", "--loading-process-events-interval-bytes", "1024", wait=False)
    wait_for(lambda: is_loading(redis), what="a Redis that loads")
    assert deep(handler) == 503
    recovers(handler)


def is_loading(redis):
    try:
        return not redis.client(socket_timeout=1).ping()
    except BusyLoadingError:
        return True
    except RedisError:
        return False  # not even that


def test_connections_that_were_closed_do_not_show(redis, handler):
    assert deep(handler) == 200
    redis.drop_clients()
    assert deep(handler) == 200


def test_whole_stack_says_so_too(make_stack, redis):
    stack = make_stack(**redis.settings()).start()
    assert deep(stack) == 200
    redis.pause()
    assert [deep(stack) for _ in range(4)] == [503] * 4
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
