"""Fixtures. What a test gets here is stopped behind it, and looked through for what sanitizers had to say."""
import signal
import socket
import tempfile
import time
from pathlib import Path

import pytest

import harness
from harness import (Handler, Redis, Runner, Stack, Terminal, at_second, environment, kill, processes_in, remove,
                     sanitizer_reports, soon)
from scripts import Scripts, SteppedRedis
from target import Target, held, status


@pytest.fixture(scope="session")
def base():
    """The directory of this run. At the end nothing may be running in it."""
    folder = Path(tempfile.mkdtemp(prefix="dronc-test-"))
    yield folder
    left = processes_in(folder)
    for pid in left:
        kill(pid)
    remove(folder)
    assert not left, f"left running: {left}"


class SlowCalls:
    """A target that never answers, one that does not even take the connection, and one that fails each time."""

    def __init__(self, stack, target):
        self.silent, self.failing = target.hook().answers(held), target.hook().answers(status(500))
        self.backlog = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.port = self.backlog.getsockname()[1]
        self.fillers = [self.fill() for _ in range(4)]
        self.silent_job = stack.schedule(at_second(soon()), self.silent.url)
        self.full_job = stack.schedule(at_second(soon()), f"http://127.0.0.1:{self.port}/")
        self.failing_job = stack.schedule(at_second(soon()), self.failing.url, "ATLEAST_ONCE")

    def fill(self):
        """Take one of the few places that the kernel keeps for connections that no process accepts."""
        peer = socket.socket()
        peer.setblocking(False)
        peer.connect_ex(("127.0.0.1", self.port))
        return peer

    def close(self):
        self.silent.release()
        for peer in (*self.fillers, self.backlog):
            peer.close()


_names = iter(range(10**9))


@pytest.fixture
def home(base):
    """A directory of a test's own, with a short path: those of sockets are limited."""
    folder = base / f"t{next(_names)}"
    folder.mkdir()
    yield folder
    reports, left = sanitizer_reports(folder), processes_in(folder)
    for pid in left:
        kill(pid)
    remove(folder)
    assert not reports, "\n".join(reports)
    assert not left, f"left running: {left}"


@pytest.fixture(scope="session")
def stepped(base):
    """A Redis whose clock is the test's, with the store's scripts. Each test empties it and sets its clock."""
    home = base / "stepped"
    home.mkdir()
    redis = SteppedRedis(home)
    redis.scripts = Scripts(redis)
    yield redis
    redis.close()


@pytest.fixture(scope="session")
def shared_stack(base):
    """One stack for all tests that break nothing."""
    stack = Stack(base / "shared", FCGI_PROCESSES=4, LOG_LEVEL="debug").start()
    yield stack
    code, reports = stack.stop(), sanitizer_reports(stack.home)
    assert code == 0, stack.program.err
    assert not reports, "\n".join(reports)


@pytest.fixture(scope="session")
def slow_calls(shared_stack, target):
    """Calls that take longer than a test may: begun with the first test, looked at by the last ones (test_timeouts)."""
    calls = SlowCalls(shared_stack, target)
    yield calls
    calls.close()


@pytest.fixture
def stack(shared_stack, slow_calls):
    """The shared stack; the jobs that a test makes are taken away behind it."""
    with shared_stack.redis() as db:
        before = set(db.keys("dronc:*:job:*"))
        yield shared_stack
        for key in set(db.keys("dronc:*:job:*")) - before:
            shared_stack.delete("capi:" + key[-32:].hex())


@pytest.fixture(scope="session")
def target():
    target = Target()
    yield target
    target.stop()


@pytest.fixture
def own_target():
    """A target on another port: runners have no connection to it yet."""
    target = Target()
    yield target
    target.stop()


@pytest.fixture
def hook(target):
    return target.hook()


@pytest.fixture
def make_stack(home):
    """Make a stack of a test's own, not started yet."""
    made = []

    def make(name="stack", **settings):
        made.append(Stack(home / name, **settings))
        return made[-1]

    yield make
    for stack in made:
        if stack.program is not None and stack.program.running:
            stack.stop()


def _stop(programs):
    for program in programs:
        if program.running:
            program.signal(signal.SIGCONT)
            program.signal(signal.SIGTERM)
    deadline = time.monotonic() + 10 * harness.SCALE
    for program in programs:
        try:
            program.process.wait(max(0.1, deadline - time.monotonic()))
        except Exception:
            program.kill()
            raise


@pytest.fixture
def make_redis(home):
    made = []

    def make(*options, **settings):
        redis = Redis(home, *options, **settings)
        made.append(redis)
        return redis.start()

    yield make
    for redis in made:
        redis.kill()  # no test needs its data any more, and it takes a tenth of a second to go by itself


@pytest.fixture
def redis(make_redis):
    return make_redis()


@pytest.fixture
def make_runner(home, redis):
    """Start runners on the test's own Redis."""
    made = []

    def make(*args, wait=True, **settings):
        made.append(Runner(home, redis, *args, name=f"runner{len(made)}", **settings))
        return made[-1].wait_until_ready() if wait else made[-1]

    yield make
    _stop(made)


@pytest.fixture
def runner(make_runner):
    return make_runner()


@pytest.fixture
def make_handler(home, redis):
    """Start handlers on the test's own Redis."""
    made = []

    def make(*args, **settings):
        made.append(Handler(home, redis, *args, name=f"handler{len(made)}", **settings))
        return made[-1]

    yield make
    _stop(made)


@pytest.fixture
def handler(make_handler):
    return make_handler()


@pytest.fixture
def pass_instants(handler, target):
    """Let so many full seconds pass that a runner was at work in: a witness, another job, was called at each of them. What else was due then
    was called before, or is not called."""
    def pass_some(count):
        witness = target.hook()
        job_id = handler.schedule("* * * * * *", witness.url)
        witness.wait_for_calls(count + 1)
        assert handler.delete(job_id).status == 204
    return pass_some


@pytest.fixture
def make_terminal(home):
    made = []

    def make(argv, **settings):
        made.append(Terminal(home, argv, environment(TERM="xterm", **settings)))
        return made[-1]

    yield make
    for terminal in made:
        terminal.close()
