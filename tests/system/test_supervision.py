"""The runner under a supervisor: what it tells by NOTIFY_SOCKET, and how it ends when it cannot go on."""
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

import target as t
from harness import DIST, SCALE, Program, at_second, environment, soon, state_of, wait_for


class Supervisor:
    """What systemd does: a datagram socket, and a clock beside it. Messages are (seconds, {name: value})."""

    def __init__(self, name, reading=True):
        self.name, self.messages = str(name), []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.name.replace("@", "\0", 1) if self.name.startswith("@") else self.name)
        self.reader = threading.Thread(target=self._read, daemon=True)
        if reading:
            self.read()

    def read(self):
        self.reader.start()

    def _read(self):
        while data := self.socket.recv(65536):
            pairs = [line.split("=", 1) for line in data.decode().splitlines()]
            assert all(len(pair) == 2 for pair in pairs), data
            self.messages.append((time.monotonic(), dict(pairs)))

    def times(self, name):
        return [at for at, message in list(self.messages) if name in message]

    def values(self, name):
        return [message[name] for _, message in list(self.messages) if name in message]

    def wait(self, name, pattern="", timeout=10):
        wait_for(lambda: any(pattern in value for value in self.values(name)), timeout, f"{name}={pattern}")

    def close(self):
        # A datagram socket has no end that its reader would see: an empty datagram stands for it.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
            if self.reader.is_alive():
                peer.sendto(b"", self.socket.getsockname())
                self.reader.join(5)
        self.socket.close()


@pytest.fixture
def make_supervisor(home):
    made = []

    def make(name=None, **options):
        made.append(Supervisor(name or home / "notify.sock", **options))
        return made[-1]

    yield make
    for supervisor in made:
        supervisor.close()


@pytest.fixture
def supervisor(make_supervisor):
    return make_supervisor()


# --- ready --------------------------------------------------------------------------------------------------------


def test_ready_is_told_once_when_the_runner_works(make_runner, supervisor, redis):
    make_runner(NOTIFY_SOCKET=supervisor.name)
    supervisor.wait("READY", "1")
    with redis.client() as db:
        assert db.zcard("dronc:runners") == 1, "ready before its first heartbeat"
    supervisor.wait("STATUS", "0 calls under way, 0 attempts held")
    assert supervisor.values("READY") == ["1"]


def test_name_in_the_abstract_namespace(make_runner, make_supervisor):
    supervisor = make_supervisor(f"@dronc-test-{os.getpid()}")
    make_runner(NOTIFY_SOCKET=supervisor.name)
    supervisor.wait("READY", "1")


def test_redis_that_is_away_holds_ready_back_for_a_while_only(make_runner, supervisor, redis):
    """A supervisor that waited for Redis would kill the runner in the end, and hold up the machine's start."""
    redis.kill()
    began = time.monotonic()
    runner = make_runner(wait=False, NOTIFY_SOCKET=supervisor.name)
    supervisor.wait("STATUS", f"waiting for Redis at unix:{redis.socket}: Connection refused")
    supervisor.wait("READY", "1")
    assert supervisor.times("READY")[0] - began >= 4.9
    redis.start()
    wait_for(lambda: supervisor.values("STATUS")[-1] == "0 calls under way, 0 attempts held")
    assert runner.events("ready")
    assert supervisor.values("READY") == ["1"]


def test_supervisor_that_listens_only_later_is_told(make_runner, make_supervisor, home):
    runner = make_runner(NOTIFY_SOCKET=home / "notify.sock")
    wait_for(lambda: runner.events("supervisor not reached"))
    supervisor = make_supervisor(home / "notify.sock")
    supervisor.wait("READY", "1")
    assert len(runner.events("supervisor not reached")) == 1


# --- status -------------------------------------------------------------------------------------------------------


def test_status_counts_calls_and_says_what_is_wrong(make_runner, supervisor, redis, handler, hook):
    make_runner(NOTIFY_SOCKET=supervisor.name)
    handler.schedule(at_second(soon()), hook.answers(t.held).url)
    supervisor.wait("STATUS", "1 calls under way, 1 attempts held")
    redis.kill()
    supervisor.wait("STATUS", "waiting for Redis")
    hook.release()
    supervisor.wait("STATUS", "0 calls under way, 1 attempts held, 1 not yet sent to Redis")
    redis.start()
    wait_for(lambda: supervisor.values("STATUS")[-1] == "0 calls under way, 0 attempts held")


def test_status_says_that_redis_takes_no_heartbeats(make_runner, supervisor, redis):
    make_runner(NOTIFY_SOCKET=supervisor.name)
    supervisor.wait("READY", "1")
    with redis.client() as db:
        db.replicaof("127.0.0.1", "1")
        supervisor.wait("STATUS", "it takes no heartbeat")
        db.replicaof("NO", "ONE")
    wait_for(lambda: supervisor.values("STATUS")[-1] == "0 calls under way, 0 attempts held")


def test_status_is_told_no_more_often_than_every_second(make_runner, supervisor, handler, target):
    hooks = [target.hook().answers(t.slow(0.1)) for _ in range(5)]
    for hook in hooks:
        handler.schedule("* * * * * *", hook.url)
    make_runner(NOTIFY_SOCKET=supervisor.name)
    hooks[0].wait_for_calls(4)
    times = supervisor.times("STATUS")
    # READY comes with a status of its own, whenever that is; a reader may be a little late with any of them.
    assert all(later - earlier > 0.8 for earlier, later in zip(times[1:], times[2:])), times


# --- stopping -----------------------------------------------------------------------------------------------------


def test_stop_is_told_with_the_time_that_it_may_take(make_runner, supervisor, handler, hook):
    runner = make_runner(NOTIFY_SOCKET=supervisor.name, RUNNER_DRAIN_TIMEOUT_MS=100000)
    handler.schedule(at_second(soon()), hook.answers(t.held).url)
    hook.wait_for_calls()
    runner.signal(signal.SIGTERM)
    supervisor.wait("STOPPING", "1")
    assert 100_000_000 <= int(supervisor.values("EXTEND_TIMEOUT_USEC")[0]) <= 120_000_000
    supervisor.wait("STATUS", "stopping; 1 calls under way")
    hook.release()
    assert runner.exit_code() == 0
    assert supervisor.values("STOPPING") == ["1"]


def test_runner_that_is_stopped_before_it_was_ready_does_not_say_so(make_runner, supervisor, redis):
    redis.kill()
    runner = make_runner(wait=False, NOTIFY_SOCKET=supervisor.name)
    supervisor.wait("STATUS", "waiting for Redis")
    assert runner.terminate() == 0
    supervisor.wait("STOPPING", "1")
    assert supervisor.values("READY") == []


# --- watchdog -----------------------------------------------------------------------------------------------------


def test_watchdog_is_told_every_third_of_its_time(make_runner, supervisor):
    make_runner(NOTIFY_SOCKET=supervisor.name, WATCHDOG_USEC=900_000)
    wait_for(lambda: len(supervisor.times("WATCHDOG")) >= 10)
    times = supervisor.times("WATCHDOG")
    mean = (times[-1] - times[0]) / (len(times) - 1)
    assert 0.28 < mean < 0.3 + 0.1 * SCALE, mean
    assert max(b - a for a, b in zip(times, times[1:])) < 0.9 * SCALE, times


def test_stopped_process_tells_its_watchdog_nothing(make_runner, supervisor):
    runner = make_runner(NOTIFY_SOCKET=supervisor.name, WATCHDOG_USEC=150_000)
    wait_for(lambda: len(supervisor.times("WATCHDOG")) >= 3)
    runner.signal(signal.SIGSTOP)
    wait_for(lambda: state_of(runner.pid) == "T")
    stopped = time.monotonic()
    wait_for(lambda: time.monotonic() > stopped + 1)  # the reader has read what was sent before
    assert not [at for at in supervisor.times("WATCHDOG") if at > stopped + 0.3]
    runner.signal(signal.SIGCONT)
    wait_for(lambda: supervisor.times("WATCHDOG")[-1] > stopped + 1)


@pytest.mark.parametrize("how", ["kill", "pause"])
def test_runner_that_waits_for_redis_is_alive(make_runner, supervisor, redis, how):
    runner = make_runner(NOTIFY_SOCKET=supervisor.name, WATCHDOG_USEC=300_000)
    getattr(redis, how)()
    wait_for(lambda: runner.events("redis unreachable"))
    count = len(supervisor.times("WATCHDOG"))
    wait_for(lambda: len(supervisor.times("WATCHDOG")) >= count + 10)


def test_watchdog_goes_on_while_the_runner_stops(make_runner, supervisor, handler, hook):
    runner = make_runner(NOTIFY_SOCKET=supervisor.name, WATCHDOG_USEC=300_000)
    handler.schedule(at_second(soon()), hook.answers(t.held).url)
    hook.wait_for_calls()
    runner.signal(signal.SIGTERM)
    supervisor.wait("STOPPING", "1")
    count = len(supervisor.times("WATCHDOG"))
    wait_for(lambda: len(supervisor.times("WATCHDOG")) >= count + 5)
    hook.release()
    assert runner.exit_code() == 0


@pytest.mark.parametrize("settings, said", [
    ({}, False), ({"WATCHDOG_USEC": 30_000, "WATCHDOG_PID": 1}, False), ({"WATCHDOG_USEC": "often"}, True),
    ({"WATCHDOG_USEC": 0}, True), ({"WATCHDOG_USEC": -5}, True), ({"WATCHDOG_USEC": "9" * 30}, True)], ids=str)
def test_watchdog_that_is_not_asked_for_is_told_nothing(make_runner, supervisor, handler, hook, settings, said):
    runner = make_runner(NOTIFY_SOCKET=supervisor.name, **settings)
    handler.schedule(at_second(soon()), hook.url)
    hook.wait_for_calls()
    supervisor.wait("READY", "1")
    assert supervisor.times("WATCHDOG") == []
    assert bool(runner.events("watchdog not served")) == said


# --- a supervisor that is none, or does not care --------------------------------------------------------------------


@pytest.mark.parametrize("name, said", [
    (None, 0), ("", 0), ("/nowhere/at.all", 1), ("relative", 1), ("@", 1), ("/", 1), ("vsock:2:1234", 1), ("/" + "x" * 300, 1)],
    ids=lambda value: str(value)[:12])
def test_notify_socket_of_no_use_changes_nothing(make_runner, handler, hook, name, said):
    runner = make_runner(NOTIFY_SOCKET=name, WATCHDOG_USEC=10_000)
    handler.schedule("* * * * * *", hook.url)
    hook.wait_for_calls(2)
    assert runner.terminate() == 0
    assert len([line for line in runner.log if line["event"].startswith("supervisor")]) == said


def test_supervisor_that_does_not_read_stops_nothing(make_runner, make_supervisor, handler, hook):
    """Its queue is full after a dozen datagrams; from then on a sender that waits would wait for ever."""
    supervisor = make_supervisor(reading=False)
    runner = make_runner(NOTIFY_SOCKET=supervisor.name, WATCHDOG_USEC=60_000)
    wait_for(lambda: runner.events("supervisor not reached"))
    handler.schedule("* * * * * *", hook.url)
    calls = hook.wait_for_calls(4)
    assert [call.scheduled for call in calls] == [calls[0].scheduled + n for n in range(len(calls))]
    supervisor.read()
    supervisor.wait("STATUS", "calls under way")
    assert runner.terminate() == 0
    supervisor.wait("STOPPING", "1")


# --- what cannot be survived ----------------------------------------------------------------------------------------


def assert_one_line(text, *words):
    assert text.count("\n") == 1 and text.startswith("dronc-runner: "), text
    assert all(word in text for word in words), text


def test_database_of_another_shard_count_is_the_end(make_runner, redis, supervisor):
    with redis.client() as db:
        db.set("dronc:shards", 8)
    runner = make_runner(wait=False, NOTIFY_SOCKET=supervisor.name)
    assert runner.exit_code() == 2
    assert_one_line(runner.err, "8", "16")
    assert supervisor.values("READY") == []


@pytest.mark.parametrize("connected", [True, False])
def test_shard_count_that_changes_under_way_is_the_end_too(runner, redis, connected):
    """Somebody restored another installation's data into the Redis that this runner uses."""
    with redis.client() as db:
        db.set("dronc:shards", 32)
    if not connected:
        redis.drop_clients()
    assert runner.exit_code() == 2
    assert_one_line(runner.err, "32", "16")


def test_second_signal_is_a_failure(runner, handler, hook):
    handler.schedule(at_second(soon()), hook.answers(t.held).url)
    hook.wait_for_calls()
    runner.signal(signal.SIGTERM)
    wait_for(lambda: runner.events("stopping"))
    runner.signal(signal.SIGTERM)
    assert runner.exit_code() == 1
    assert_one_line(runner.err, "second signal")
    hook.release()


@pytest.mark.parametrize("files", [4, 8, 31, 32, 40])
def test_too_few_descriptors_are_said_in_one_line(home, redis, handler, hook, files):
    argv = ["prlimit", f"--nofile={files}:{files}", DIST / "dronc-runner"]
    runner = Program(home, "runner", argv, environment(**redis.settings()))
    if files < 32:
        assert runner.exit_code() == 1
        assert_one_line(runner.err, "RLIMIT_NOFILE", f"only {files}")
    else:
        handler.schedule(at_second(soon()), hook.url)
        hook.wait_for_calls()
        assert runner.terminate() == 0


def test_password_that_is_wrong_is_waited_for(make_redis, home, make_runner):
    """It may be about to change: a runner that is started anew again and again would not find out sooner."""
    redis = make_redis(password="right", folder="locked")
    runner = make_runner(wait=False, REDIS_SOCKET=redis.socket, REDIS_PASSWORD="wr0ng-one")
    lost, = wait_for(lambda: runner.events("redis unreachable"))
    assert "WRONGPASS" in lost["error"]
    with redis.client() as db:
        db.config_set("requirepass", "wr0ng-one")
    wait_for(lambda: runner.events("ready"))
    assert len(runner.events("redis unreachable")) == 1
    assert "wr0ng-one" not in runner.out + runner.err
