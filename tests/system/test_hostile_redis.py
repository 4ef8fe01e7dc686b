"""Something that is no Redis, or a broken one, where Redis should be: whatever it answers costs neither memory nor time."""
import socket
import threading
import time

import pytest

import harness
from harness import NEVER_SOON, SCALE, wait_for

RSS_MAX_MB = 60 if harness.SCALE == 1 else 800  # sanitizers take more for themselves


def flood(start, more):
    """An answer that begins in some way, and goes on without an end."""
    def answer(peer):
        peer.sendall(start)
        while True:
            peer.sendall(more)
    return answer


def once(data):
    return lambda peer: peer.sendall(data)


# Each with what the log has to say about it, and whether the connection alone says enough without a time-out.
ANSWERS = {
    "array of a billion": (once(b"*1000000000\r\n"), "too large"),
    "array of two billion": (once(b"*2147483647\r\n"), "too large"),
    "array of more than an int": (once(b"*99999999999\r\n"), ""),
    "arrays in arrays": (once(b"*260000\r\n" * 6), "too large"),
    "endless array": (flood(b"*200000\r\n", (b"$1000\r\n" + b"x" * 1000 + b"\r\n") * 64), "too large"),
    "string of ten gigabytes": (flood(b"$10737418240\r\n", b"x" * 65536), "too large"),
    "line without an end": (flood(b"+", b"x" * 65536), "too large"),
    "error without an end": (flood(b"-ERR ", b"x" * 65536), "too large"),
    "garbage": (once(b"HTTP/1.1 400 Bad Request\r\n\r\n"), ""),
    "negative array": (once(b"*-5\r\n"), ""),
    "nested too deeply": (once(b"*1\r\n" * 20), ""),
    "end": (lambda peer: peer.close(), ""),
}


class HostileRedis:
    """Answers whatever it is asked first in one way."""

    password = None

    def __init__(self, path, answer):
        self.socket, self.answer = path, answer
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(64)
        self.peers = []
        threading.Thread(target=self._accept, daemon=True).start()

    def settings(self, **more):
        return {"REDIS_SOCKET": self.socket, **more}

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.peers.append(peer)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        try:
            peer.recv(65536)
            self.answer(peer)
            while peer.recv(65536):
                pass
        except OSError:
            pass  # it was given up, as it should be

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for peer in self.peers:
            peer.close()


@pytest.fixture(params=ANSWERS.values(), ids=ANSWERS.keys())
def hostile(request, home):
    answer, word = request.param
    redis = HostileRedis(home / "hostile.sock", answer)
    redis.word = word
    yield redis
    redis.stop()


def peak_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmHWM:")).split()[1]) / 1024


def test_runner_goes_on_trying_and_takes_no_memory(home, hostile):
    runner = harness.Runner(home, hostile)
    try:
        wait_for(lambda: len(hostile.peers) >= 6, 20, "it to try again")
        assert peak_mb(runner.pid) < RSS_MAX_MB
        lost, = runner.events("redis unreachable")
        assert hostile.word in lost["error"], lost
        assert runner.terminate(5) == 0
    finally:
        runner.kill()


def assert_refused_at_once(handler):
    began = time.monotonic()
    answer = handler.post({"schedule": NEVER_SOON, "api": "http://127.0.0.1:9/", "type": "ATMOST_ONCE"})
    assert (answer.status, answer.code) == (500, "STORAGE_ERROR")
    assert time.monotonic() - began < 1 * SCALE


def test_handler_says_no_within_a_second_and_takes_no_memory(home, hostile):
    handler = harness.Handler(home, hostile)
    try:
        for _ in range(5):
            assert_refused_at_once(handler)
        # On a busy machine this process cannot flood the handler fast enough to get to its limit before its time-out each time.
        wait_for(lambda: assert_refused_at_once(handler) or hostile.word in handler.err, 30, hostile.word)
        assert peak_mb(handler.pid) < RSS_MAX_MB
        assert handler.terminate(5) == 0
    finally:
        handler.kill()


def test_message_that_is_too_large_costs_the_runner_a_connection_and_no_more(runner, redis, handler, hook):
    """Whoever may publish may send half a gigabyte to every runner."""
    handler.schedule("* * * * * *", hook.url)
    hook.wait_for_calls(1)
    with redis.client() as db:
        for _ in range(3):
            db.publish("dronc:wake", b"x" * 30_000_000)
    hook.wait_for_calls(len(hook.calls) + 2)
    assert peak_mb(runner.pid) < RSS_MAX_MB
    assert not runner.events("redis unreachable"), "the other connection was given up, too"
