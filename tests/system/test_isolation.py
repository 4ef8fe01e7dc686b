"""One host, or one backlog, takes nothing from the others: limits per host, and who comes first when much is late."""
import hashlib
import socket
import time

import pytest

import target as t
from harness import SCALE, SHARDS, at_second, id_bytes, job_key, key_of, soon, wait_for


class HangingHost:
    """Takes connections and requests, and never answers. The kernel does it: no program reads."""

    def __init__(self, address="127.0.0.1"):
        self.listener = socket.create_server((address, 0), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://{address}:{self.port}/"

    @property
    def connections(self):
        """How many are waiting to be accepted."""
        own = f"{int.from_bytes(socket.inet_aton(self.listener.getsockname()[0]), 'little'):08X}:{self.port:04X}"
        with open("/proc/net/tcp") as table:
            rows = [row.split() for row in table]
        # A set: the kernel may show a row twice where others come and go while the table is read.
        return len({row[2] for row in rows if row[1] == own and row[3] == "01"})

    def close(self):
        self.listener.close()


@pytest.fixture
def hanging_host():
    host = HangingHost()
    yield host
    host.close()


def plant_jobs(redis, count, due, **fields):
    """What POSTs leave in Redis, but due at any instant. Their ids. A "*" in the api is the job's number."""
    ids = ["capi:" + hashlib.sha256(f"{fields} {n}".encode()).hexdigest() for n in range(count)]
    definition = {"schedule": "0 * * * * *", "type": "ATMOST_ONCE", "created": 1_700_000_000_000, **fields}
    with redis.client() as db, db.pipeline(transaction=False) as pipe:
        for n, job_id in enumerate(ids):
            pipe.hset(job_key(job_id), mapping={**definition, "api": definition["api"].replace("*", str(n))})
            pipe.zadd(key_of(job_id, "due"), {id_bytes(job_id): due * 1000})
            pipe.publish("dronc:wake", f"{id_bytes(job_id)[0] % SHARDS} {due * 1000}")
        pipe.execute()
    return ids


def held_claims(redis, runner):
    with redis.client() as db:
        return sum(db.hlen(f"dronc:{{{shard}}}:claimed:{runner.name_in_redis}") for shard in range(SHARDS))


def p99(values):
    return sorted(values)[int(len(values) * 0.99)]


def lateness_ms(hooks, seconds):
    """Of every call of these seconds, once all have come."""
    wait_for(lambda: all(len({c.scheduled for c in hook.calls} & set(seconds)) == len(seconds) for hook in hooks),
             len(seconds) + 10, "a call of each second")
    return [(call.at - call.scheduled) * 1000 for hook in hooks for call in hook.calls if call.scheduled in seconds]


# --- one host -----------------------------------------------------------------------------------------------------


@pytest.mark.alone
def test_2000_calls_to_a_host_that_hangs_make_no_others_late(make_runner, redis, handler, own_target, hanging_host):
    hooks = [own_target.hook() for _ in range(50)]
    make_runner()
    for hook in hooks:
        handler.schedule("* * * * * *", hook.url)
    begin = soon(1)
    before = p99(lateness_ms(hooks, range(begin, begin + 4)))
    instant = soon(1)
    plant_jobs(redis, 2000, instant, schedule=at_second(instant), api=hanging_host.url)
    during = p99(lateness_ms(hooks, range(instant, instant + 8)))
    assert hanging_host.connections == 64
    print(f"\np99 lateness of the others: {before:.1f} ms before, {during:.1f} ms while 2000 calls hang", end="")
    assert during < max(50, 2 * before) * SCALE


def test_host_that_hangs_holds_no_claims(make_runner, redis, hanging_host):
    runner = make_runner()
    instant = soon()
    plant_jobs(redis, 400, instant, schedule=at_second(instant), api=hanging_host.url, type="ATLEAST_ONCE")
    wait_for(lambda: hanging_host.connections == 64)
    # 64 calls, and as many in line for when one of them ends; the others wait in Redis, for any runner.
    wait_for(lambda: held_claims(redis, runner) <= 128, 10)
    other = make_runner()
    wait_for(lambda: hanging_host.connections == 128, 20)
    for one in (runner, other):
        wait_for(lambda: one.events("calls put off: their host lets no more through"), 10)
        assert len(one.events("calls put off: their host lets no more through")) == 1, "said once"


def test_no_more_calls_to_one_host_at_once_than_allowed(make_runner, handler, target):
    hooks = [target.hook().answers(t.slow(0.2)) for _ in range(12)]
    make_runner(RUNNER_MAX_PER_HOST=3)
    instant = soon(0.5)
    for hook in hooks:
        handler.schedule(at_second(instant), hook.url)
    calls = [hook.wait_for_calls(timeout=20)[0] for hook in hooks]
    assert t.at_once(calls) == 3, sorted((call.at, call.answered) for call in calls)


def test_call_that_was_put_off_comes_as_soon_as_its_host_answers(make_runner, redis, handler, own_target):
    blocking, hook = own_target.hook().answers(t.held, t.status(200)), own_target.hook()
    make_runner(RUNNER_MAX_PER_HOST=1)
    handler.schedule(at_second(soon()), blocking.url)
    blocking.wait_for_calls()
    job_id = handler.schedule(at_second(soon()), hook.url)
    with redis.client() as db:
        wait_for(lambda: any(b":0." in entry for entry in db.zrange(key_of(job_id, "retry"), 0, -1)), 10,
                 "the occurrence put off")
    assert not hook.calls
    blocking.release()
    call, = hook.wait_for_calls(timeout=35)
    execution, = handler.wait_for_executions(job_id)
    assert (execution["attempt"], call.attempt) == (1, 1)
    assert execution["lateness_ms"] >= 300, "it counts from the instant of its schedule"


def test_at_most_once_call_that_its_host_let_through_too_late_is_missed(make_runner, redis, handler, own_target):
    blocking, hook = own_target.hook().answers(t.held, t.status(200)), own_target.hook()
    make_runner(RUNNER_MAX_PER_HOST=1)
    handler.schedule(at_second(soon()), blocking.url)
    blocking.wait_for_calls()
    late = int(time.time()) - 57
    job_id, = plant_jobs(redis, 1, late, schedule=at_second(late), api=hook.url)
    wait_for(lambda: time.time() > late + 61, 10)
    blocking.release()
    execution, = handler.wait_for_executions(job_id, timeout=40)
    assert (execution["outcome"], execution["scheduled_time"]) == ("missed", late)
    assert not hook.calls


# --- much that is late --------------------------------------------------------------------------------------------


@pytest.mark.alone
def test_backlog_keeps_nothing_waiting_that_is_due_now(make_runner, redis, handler, own_target):
    """Twenty places; the backlog alone would fill them for a minute."""
    slow = own_target.hook().answers(t.slow(0.4))
    hooks = [own_target.hook() for _ in range(4)]
    for hook in hooks:
        handler.schedule("* * * * * *", hook.url)
    plant_jobs(redis, 2000, int(time.time()) - 3600, schedule="0 0 29 2 *", api=slow.url, type="ATLEAST_ONCE")
    make_runner(RUNNER_MAX_IN_FLIGHT=20)
    slow.wait_for_calls(20)
    begin = soon(1)
    late = lateness_ms(hooks, range(begin, begin + 5))
    assert max(late) < 300 * SCALE, late
    done = len(slow.calls)
    slow.wait_for_calls(done + 30)  # and the backlog gets on as well
