"""Many bad neighbours at once: names that hang, and names without an answer, take nothing from the others."""
import os
import selectors
import threading
import time

import pytest

import target as t
from harness import SCALE, at_second, soon, wait_for
from names import NameServer
from test_isolation import HangingHost, lateness_ms, p99, plant_jobs

LATE_MS = 50  # on a machine that does nothing else; on a busy one twice what was late before the neighbours came
PLACES = 1000  # RUNNER_MAX_IN_FLIGHT as shipped
NAMES = 40


@pytest.fixture
def make_names(home):
    made = []

    def make(names, **options):
        made.append(NameServer(home, names, **options))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def make_hanging():
    made = []

    def make(*addresses):
        made.extend(HangingHost(address) for address in addresses)
        return made[-len(addresses):]

    yield make
    for host in made:
        host.close()


def named(hook, name):
    return hook.url.replace("127.0.0.1", name)


def hanging_calls(hosts):
    return sum(host.connections for host in hosts)


def late_before(hooks, seconds=5):
    """What the machine itself makes late, just before it matters: p99 of these hooks' calls."""
    begin = soon(1)
    return p99(lateness_ms(hooks, range(begin, begin + seconds)))


def assert_on_time(late, before):
    print(f"\np99 lateness {p99(late):.1f} ms, {before:.1f} ms before", end="")
    assert p99(late) <= max(LATE_MS, 2 * before) * SCALE


def descriptors(runner):
    return len(os.listdir(f"/proc/{runner.pid}/fd"))


def threads(runner):
    return len(os.listdir(f"/proc/{runner.pid}/task"))


@pytest.mark.alone
@pytest.mark.parametrize("peers", [1, NAMES])
def test_40_names_that_hang_make_no_others_late(make_runner, make_names, make_hanging, redis, handler, own_target, peers):
    """64 calls each: 2,560, and 1,000 places. Neither a job that was there before nor a new one notices. (They do not all come at one
    instant: what 2,560 claims of one second cost is another matter.)"""
    addresses = [f"127.1.0.{n + 1}" for n in range(peers)]
    hosts = make_hanging(*addresses)
    at = {f"hang{n}.test": n % peers for n in range(NAMES)}
    known, new = [own_target.hook() for _ in range(5)], [own_target.hook() for _ in range(5)]
    names = make_names(lambda name: [addresses[at[name]]] if name in at else ["127.0.0.1"])
    make_runner(RUNNER_DRAIN_TIMEOUT_MS=0, **names.settings)
    for n, hook in enumerate(known):
        handler.schedule("* * * * * *", named(hook, f"known{n}.test"))
    before = late_before(known)

    instant = soon(1)
    for n, (name, host) in enumerate(at.items()):
        plant_jobs(redis, 64, instant + n % 10, schedule="* * * * * *", api=f"http://{name}:{hosts[host].port}/", timeout_ms=60000)
    wait_for(lambda: time.time() > instant + 2)
    for n, hook in enumerate(new):
        handler.schedule("* * * * * *", named(hook, f"new{n}.test"))
    begin = soon(1)
    late = lateness_ms(known, range(instant, instant + 14)) + lateness_ms(new, range(begin, begin + 8))
    calls = hanging_calls(hosts)
    assert_on_time(late, before)
    assert PLACES / 8 <= calls <= PLACES / 2, "half of the places, at most; but those that hang have their share"


class Outage:
    """Hosts that answer, until they do not any more."""

    def __init__(self, hosts):
        self.selector = selectors.DefaultSelector()
        for host in hosts:
            host.listener.setblocking(False)
            self.selector.register(host.listener, selectors.EVENT_READ)
        self.answers, self.over = 0, False
        self.thread = threading.Thread(target=self._answer)
        self.thread.start()

    def _answer(self):
        while not self.over:
            for key, _ in self.selector.select(0.1):
                if key.data is None:
                    self.selector.register(key.fileobj.accept()[0], selectors.EVENT_READ, "connection")
                    continue
                self.selector.unregister(key.fileobj)
                with key.fileobj as connection:
                    if connection.recv(65536):
                        self.answers += 1
                        connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    def begin(self):
        self.over = True
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            if key.data is not None:
                key.fileobj.close()


@pytest.mark.alone
def test_names_that_answered_and_then_hang_take_half_of_the_places(make_runner, make_hanging, redis, handler, own_target):
    """What was quick a second ago is not trusted any longer than that."""
    hosts = make_hanging(*[f"127.1.0.{n + 1}" for n in range(NAMES)])
    outage = Outage(hosts)
    hook = own_target.hook()
    make_runner(RUNNER_DRAIN_TIMEOUT_MS=0)
    handler.schedule("* * * * * *", hook.url)
    instant = soon(2)
    for host in hosts:
        plant_jobs(redis, 10, instant, schedule="* * * * * *", api=host.url, timeout_ms=60000)
    wait_for(lambda: outage.answers >= 2000, 30)
    before = late_before([hook])  # while they answer: 400 calls of one second are made in any case
    wait_for(lambda: 0.4 < time.time() % 1 < 0.6)  # none is under way
    outage.begin()
    begin = soon()
    late = lateness_ms([hook], range(begin, begin + 10))
    calls = hanging_calls(hosts)
    assert_on_time(late, before)
    assert PLACES / 8 <= calls <= PLACES / 2


@pytest.mark.alone
def test_500_lookups_a_second_that_nobody_answers_make_no_others_late(make_runner, make_names, redis, handler, own_target):
    names = make_names(lambda name: None if name.startswith("silent") else ["127.0.0.1"], ttl=0)
    hook = own_target.hook()
    runner = make_runner(RUNNER_DRAIN_TIMEOUT_MS=0, **names.settings)
    handler.schedule("* * * * * *", named(hook, "healthy.test"))
    late_ms = late_before([hook])
    before = threads(runner), descriptors(runner)

    begin = int(time.time()) + 4
    jobs = []
    for second in range(begin, begin + 10):
        jobs += plant_jobs(redis, 500, second, schedule=at_second(second), api=f"http://silent*-{second}.test/", connect_timeout_ms=100)
    most = [0, 0]
    while time.time() < begin + 11:
        most = [max(most[0], threads(runner)), max(most[1], descriptors(runner))]
        time.sleep(0.1)
    late = lateness_ms([hook], range(begin, begin + 11))
    for job_id in jobs[::500]:
        execution, = handler.wait_for_executions(job_id)
        assert (execution["error_class"], execution["outcome"]) == ("timeout", "failed"), execution
    asked = len({name for name in names.asked if name.startswith("silent")})
    print(f"\n{asked} names asked for; {most[0]} threads, {most[1]} descriptors (before: {before})", end="")
    assert_on_time(late, late_ms)
    assert asked == 5000
    assert most[0] <= before[0] + 4 and most[1] <= before[1] + 32, (before, most)
