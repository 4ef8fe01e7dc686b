"""dronc-fcgi --pool: FCGI_PROCESSES handlers on one socket, and another one where one dies."""
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness import DIST, NEVER_SOON, SCALE, environment, is_alive, state_of, wait_for

JOB = {"schedule": NEVER_SOON, "api": "http://127.0.0.1:9/pool", "type": "ATMOST_ONCE"}


def said(pool, event):
    """What handlers and their keeper log goes to standard error."""
    return [line for line in map(json.loads, re.findall(r"^{.*}$", pool.err, re.M)) if line["event"] == event]


def ends_in(pool):
    return said(pool, "handler ended, another one is started")


def handlers_of(pool):
    """The pids of the pool's handlers."""
    with open(f"/proc/{pool.pid}/task/{pool.pid}/children", encoding="ascii") as children:
        return [int(pid) for pid in children.read().split() if is_alive(int(pid))]


@pytest.fixture
def pool(make_handler):
    pool = make_handler("--pool", FCGI_PROCESSES=3)
    wait_for(lambda: len(said(pool, "handler started")) == 3)
    return pool


def test_pool_has_as_many_handlers_as_asked_for(pool):
    assert len(handlers_of(pool)) == 3
    assert {line["pid"] for line in said(pool, "handler started")} == set(handlers_of(pool))
    assert pool.post(JOB).status == 201


def test_default_is_eight(make_handler):
    pool = make_handler("--pool")
    wait_for(lambda: len(handlers_of(pool)) == 8)


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGABRT])
def test_handler_that_dies_is_replaced_and_said(pool, signum):
    victim = handlers_of(pool)[0]
    os.kill(victim, signum)
    line = wait_for(lambda: ends_in(pool))[0]
    assert (line["level"], line["ended"], line["signal"]) == ("warn", victim, signum)
    wait_for(lambda: len(handlers_of(pool)) == 3 and victim not in handlers_of(pool))
    assert pool.post(JOB).status == 201


def test_whole_pool_that_dies_is_replaced_while_requests_wait(pool):
    for pid in handlers_of(pool):
        os.kill(pid, signal.SIGKILL)
    assert pool.get("/health").status == 200
    wait_for(lambda: len(handlers_of(pool)) == 3)


def test_handlers_that_cannot_live_are_not_started_without_end(pool):
    """Whatever kills them as soon as they are there: each place is filled once a second at most."""
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        for pid in handlers_of(pool):
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
    assert len(said(pool, "pool started")) == 1
    ends = len(ends_in(pool))
    assert 3 <= ends <= 3 * 4, ends
    wait_for(lambda: len(handlers_of(pool)) == 3)
    assert pool.get("/health").status == 200


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_stop_ends_all_of_it(pool, signum):
    handlers = handlers_of(pool)
    pool.signal(signum)
    assert pool.exit_code() == 0
    assert not any(is_alive(pid) for pid in handlers)
    assert len(said(pool, "handler stopped")) == 3
    assert not ends_in(pool)


def test_stop_answers_what_is_under_way_and_what_waits(pool, redis):
    """Three requests hang at Redis, three more wait in the socket or are about to."""
    redis.pause()
    answers = []
    askers = [threading.Thread(target=lambda: answers.append(pool.post(JOB).status)) for _ in range(6)]
    for asker in askers:
        asker.start()
    wait_for(lambda: connections_to(pool.path) == 6)
    pool.signal(signal.SIGTERM)
    redis.resume()
    for asker in askers:
        asker.join()
    assert answers == [201] * 6
    assert pool.exit_code() == 0


def connections_to(path):
    """Accepted or not; the listening socket itself has the flag ACC (0x10000)."""
    with open("/proc/net/unix", encoding="utf-8") as sockets:
        return sum(fields[3] != "00010000" for fields in map(str.split, sockets) if fields[-1] == path)


def test_killed_keeper_leaves_handlers_that_serve(pool):
    handlers = handlers_of(pool)
    pool.kill()
    assert all(is_alive(pid) for pid in handlers)
    assert pool.post(JOB).status == 201
    for pid in handlers:
        os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not any(is_alive(pid) for pid in handlers))


def test_supervisor_is_told(make_handler, home):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(home / "notify.sock"))
        supervisor.settimeout(10 * SCALE)
        pool = make_handler("--pool", FCGI_PROCESSES=1, NOTIFY_SOCKET=home / "notify.sock")
        assert supervisor.recv(100) == b"READY=1"
        assert state_of(pool.pid) in "SR"
        assert pool.terminate() == 0
        assert supervisor.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("name, value", [("FCGI_PROCESSES", "0"), ("FCGI_PROCESSES", "257"), ("FCGI_PROCESSES", "many"),
                                         ("DRONC_TIMEZONE", "Mars/Base"), ("LOG_LEVEL", "loud")])
def test_bad_setting_ends_the_pool_with_2_before_anything_is_started(make_handler, name, value):
    pool = make_handler("--pool", **{name: value})
    assert pool.exit_code() == 2
    assert pool.err.startswith(name) and pool.err.count("\n") == 1


def test_pool_without_a_listening_socket_says_how_it_is_meant(home):
    done = subprocess.run([DIST / "dronc-fcgi", "--pool"], capture_output=True, text=True, cwd=home,
                          env=environment(), stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert "listening socket" in done.stderr and done.stderr.count("\n") == 1
