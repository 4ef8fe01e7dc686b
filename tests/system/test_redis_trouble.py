"""Whatever happens to Redis: nothing is called twice, nothing that is owed is lost, results are recorded afterwards, the log says it
once, and the API says no within a second and yes again by itself."""
import os
import threading
import time

import pytest
from redis.exceptions import BusyLoadingError, RedisError

import target as t
from harness import NEVER_SOON, SCALE, at_second, id_bytes, job_key, key_of, soon, wait_for

LINES_MAX = 6  # of warnings and worse that one trouble is worth to one runner


# --- troubles: how each begins and ends ------------------------------------------------------------------------------


class Trouble:
    """Redis does not do what it is asked to, from begin() to end()."""

    refuses = True  # False: over before any program notices

    def __init__(self, redis):
        self.redis = redis

    def __str__(self):
        return type(self).__name__

    def command(self, *words):
        with self.redis.client() as db:
            return db.execute_command(*words)

    def config(self, name, value):
        self.command("CONFIG", "SET", name, value)

    def begin(self):
        raise NotImplementedError

    def end(self):
        pass


class Restarted(Trouble):
    def begin(self):
        self.redis.program.terminate()

    def end(self):
        self.redis.start()


class Killed(Trouble):
    def begin(self):
        self.redis.kill()

    def end(self):
        self.redis.start()


class Stopped(Trouble):
    """SIGSTOP: connections stay, and get no answer."""

    def begin(self):
        self.redis.pause()

    def end(self):
        self.redis.resume()


class Loading(Trouble):
    """Killed, and then busy with reading its data for some seconds."""

    def begin(self):
        with self.redis.client() as db:
            for n in range(400):
                db.set(f"filler{n}", "x" * 2000)
            db.bgrewriteaof()
            wait_for(lambda: not db.info("persistence")["aof_rewrite_in_progress"])
        self.redis.kill()
        self.redis.start("--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024", wait=False)
        wait_for(self.is_loading)

    def is_loading(self):
        try:
            return not self.redis.client(socket_timeout=1).ping()
        except BusyLoadingError:
            return True
        except RedisError:
            return False

    def end(self):
        wait_for(self.redis.answers, 20)


class ReadOnly(Trouble):
    def begin(self):
        self.command("REPLICAOF", "127.0.0.1", "1")

    def end(self):
        self.command("REPLICAOF", "NO", "ONE")


class MasterDown(Trouble):
    """A replica that has lost its master, and does not even answer questions."""

    def begin(self):
        self.config("replica-serve-stale-data", "no")
        self.command("REPLICAOF", "127.0.0.1", "1")

    def end(self):
        self.command("REPLICAOF", "NO", "ONE")


class OutOfMemory(Trouble):
    def begin(self):
        self.config("maxmemory", "1mb")

    def end(self):
        self.config("maxmemory", "0")


class DiskFull(Trouble):
    """MISCONF: the last snapshot could not be written (a directory is in its way), so Redis takes no writes."""

    @property
    def obstacle(self):
        return self.redis.home / "dump.rdb"

    def begin(self):
        (self.obstacle / "not-empty").mkdir(parents=True)
        self.config("save", "3600 1")
        self.save("err")

    def save(self, result):
        with self.redis.client() as db:
            db.bgsave()
            wait_for(lambda: db.info("persistence")["rdb_last_bgsave_status"] == result)

    def end(self):
        (self.obstacle / "not-empty").rmdir()
        self.obstacle.rmdir()
        self.save("ok")


class NoReplicas(Trouble):
    def begin(self):
        self.config("min-replicas-to-write", "1")

    def end(self):
        self.config("min-replicas-to-write", "0")


class NoAuth(Trouble):
    """The password was changed, and all clients thrown out."""

    def begin(self):
        self.config("requirepass", "changed")
        self.redis.password = "changed"
        self.redis.drop_clients()

    def end(self):
        self.config("requirepass", "")
        self.redis.password = None


class Busy(Trouble):
    """Somebody else's script does not come to an end."""

    def begin(self):
        self.config("busy-reply-threshold", "50")
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        wait_for(self.is_busy)

    def run(self):
        try:
            self.redis.client().eval("while true do end", 0)
        except RedisError:
            pass  # killed

    def is_busy(self):
        try:
            return not self.redis.client(socket_timeout=1).ping()
        except RedisError as error:
            return "BUSY" in str(error)

    def end(self):
        self.command("SCRIPT", "KILL")
        self.thread.join(5)


class ScriptsForgotten(Trouble):
    refuses = False

    def begin(self):
        self.command("SCRIPT", "FLUSH")


class ConnectionsClosed(Trouble):
    refuses = False

    def begin(self):
        self.redis.drop_clients()


TROUBLES = [Restarted, Killed, Stopped, Loading, ReadOnly, MasterDown, OutOfMemory, DiskFull, NoReplicas, NoAuth, Busy,
            ScriptsForgotten, ConnectionsClosed]


@pytest.fixture(params=TROUBLES, ids=lambda kind: kind.__name__)
def trouble(request, redis):
    return request.param(redis)


# --- what is looked at -------------------------------------------------------------------------------------------------


def timed(ask):
    began = time.monotonic()
    answer = ask()
    took = time.monotonic() - began
    assert took < 1.0 * SCALE, f"{answer} after {took:.3f} s"
    return answer


def new_job(number):
    return {"schedule": NEVER_SOON, "api": f"http://127.0.0.1:9/{number}", "type": "ATMOST_ONCE"}


def ask_everything(handler, number):
    """Each endpoint that needs Redis, once: the status of the POST."""
    assert timed(lambda: handler.get("/health")).status == 200
    assert timed(lambda: handler.get("/health/deep")).status in (200, 503)
    assert timed(lambda: handler.get("/v1/track/executions?limit=1")).status in (200, 500)
    return timed(lambda: handler.post(new_job(number))).status


def seconds_of(hook):
    return sorted({call.scheduled for call in hook.calls})


def assert_none_twice(hook):
    keys = [(call.key, call.attempt) for call in hook.calls]
    assert len(set(keys)) == len(keys), f"called twice: {hook.calls}"


def assert_none_missed(hook):
    seconds = seconds_of(hook)
    assert seconds == [seconds[0] + n for n in range(len(seconds))], f"missed: {seconds}"


def complaints(runner):
    return [line for line in runner.log if line["level"] in ("warn", "error")]


# --- the tests ---------------------------------------------------------------------------------------------------------


def test_runner_survives_without_loss_or_repetition(trouble, make_runner, handler, target):
    runners = [make_runner(), make_runner()]
    least, most = [target.hook() for _ in range(10)], [target.hook() for _ in range(10)]
    for one, other in zip(least, most):
        handler.schedule("* * * * * *", one.url, "ATLEAST_ONCE")
        handler.schedule("* * * * * *", other.url, "ATMOST_ONCE")
    held = target.hook().answers(t.held)
    job_id = handler.schedule(at_second(soon()), held.url, "ATLEAST_ONCE")
    held.wait_for_calls()
    least[0].wait_for_calls(2)

    trouble.begin()
    if trouble.refuses:
        wait_for(lambda: any(complaints(runner) for runner in runners), 15, "a complaint")
    began = time.monotonic()
    held.release()  # the result of a call that was under way
    wait_for(lambda: held.calls[0].ended)
    wait_for(lambda: time.monotonic() > began + 1.5)  # some more occurrences fall into it
    trouble.end()
    last = time.time()

    for hook in least:
        wait_for(lambda: hook.calls[-1].scheduled >= last + 2, 20, "occurrences after the trouble")
    execution, = handler.wait_for_executions(job_id, 1, timeout=15)
    for runner in runners:
        assert runner.terminate() == 0
    assert (execution["outcome"], len(held.calls)) == ("succeeded", 1)
    for hook in least + most:
        assert_none_twice(hook)
    for hook in least:
        assert_none_missed(hook)
    for runner in runners:
        said = complaints(runner)
        print("\n" + "\n".join(f"{line['event']}: {line.get('error', '')}" for line in said), end="")
        assert len(said) <= (LINES_MAX if trouble.refuses else 1), said
        assert not runner.events("a runner has died")


def test_handler_says_no_at_once_and_yes_again_by_itself(trouble, handler):
    assert ask_everything(handler, 0) == 201
    trouble.begin()
    statuses = [ask_everything(handler, n) for n in range(1, 5)]
    trouble.end()
    assert statuses == [500 if trouble.refuses else 201] * 4
    wait_for(lambda: ask_everything(handler, 5) == 201, 5, "a job that is stored again")
    assert wait_for(lambda: handler.get("/health/deep").status == 200, 5)
    assert handler.executions() == []


def test_emptied_database_is_begun_anew(make_runner, redis, handler, target):
    """FLUSHALL under way: the jobs are gone and no runner calls them any more; what is posted afterwards works."""
    runners = [make_runner(), make_runner()]
    gone, held, new = [target.hook() for _ in range(5)], target.hook().answers(t.held), target.hook()
    for hook in gone:
        handler.schedule("* * * * * *", hook.url, "ATLEAST_ONCE")
    held_job = handler.schedule(at_second(soon()), held.url, "ATLEAST_ONCE")
    held.wait_for_calls()
    with redis.client() as db:
        db.flushall()
        held.release()
        handler.schedule("* * * * * *", new.url, "ATLEAST_ONCE")
        flushed = time.time()
        new.wait_for_calls(3)
        wait_for(lambda: db.zcard("dronc:runners") == 2)
        # Otherwise a program that was built for another number of shards could make the database its own.
        wait_for(lambda: db.get("dronc:shards") == b"16")
    for runner in runners:
        assert runner.terminate() == 0
    for hook in gone:
        assert not [call for call in hook.calls if call.scheduled > flushed + 1], "a job that is gone was called"
    assert_none_missed(new)
    assert_none_twice(new)
    # Calls that were under way are named, once each, since there will be no record of them; nothing else is logged as wrong.
    refused = [(line["event"], line["job"], line["scheduled"]) for runner in runners for line in complaints(runner)]
    assert {event for event, *_ in refused} == {"record refused"}
    assert len(set(refused)) == len(refused) and held_job in [job for _, job, _ in refused], refused


GARBAGE = {
    "no fields": lambda db, key: (db.delete(key), db.hset(key, "some", "thing")),
    "another type": lambda db, key: (db.delete(key), db.set(key, "garbage")),
    "no api": lambda db, key: db.hdel(key, "api"),
    "schedule": lambda db, key: db.hset(key, "schedule", "never ever"),
    "schedule in bytes": lambda db, key: db.hset(key, "schedule", bytes(range(256))),
    "endless schedule": lambda db, key: db.hset(key, "schedule", "* " * 100000),
    "api": lambda db, key: db.hset(key, "api", "gopher://x/"),
    "type": lambda db, key: db.hset(key, "type", "SOMETIMES"),
    "created": lambda db, key: db.hset(key, "created", "yesterday"),
    "created in bytes": lambda db, key: db.hset(key, "created", b"1 2\n\0\xff"),
    "timezone": lambda db, key: db.hset(key, "timezone", "../../etc/passwd"),
}


@pytest.mark.parametrize("spoil", GARBAGE.values(), ids=GARBAGE.keys())
def test_broken_job_is_set_aside_and_named_and_the_others_go_on(runner, redis, handler, target, spoil):
    others = [target.hook() for _ in range(20)]
    broken = handler.schedule("* * * * * *", target.hook().url)
    for hook in others:
        handler.schedule("* * * * * *", hook.url, "ATLEAST_ONCE")
    others[0].wait_for_calls(1)
    with redis.client() as db:
        spoil(db, job_key(broken))
        aside, = wait_for(lambda: runner.events("job set aside"))
        assert aside["job"] == broken and aside["why"], aside
        wait_for(lambda: db.zscore(key_of(broken, "broken"), id_bytes(broken)))
    count = len(others[0].calls) + 2
    for hook in others:
        hook.wait_for_calls(count)
        assert_none_missed(hook)
        assert_none_twice(hook)
    assert len(runner.events("job set aside")) == 1
    assert len(complaints(runner)) == 1, complaints(runner)
