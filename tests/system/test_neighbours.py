"""Many bad neighbours at once: names that hang, and names that nobody answers for, take nothing from the others."""
import os
import time

import pytest

import target as t
from harness import SCALE, at_second, soon, wait_for
from names import NameServer
from test_isolation import HangingHost, lateness_ms, p99, plant_jobs

LATE_MS = 50
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


def descriptors(runner):
    return len(os.listdir(f"/proc/{runner.pid}/fd"))


def threads(runner):
    return len(os.listdir(f"/proc/{runner.pid}/task"))


@pytest.mark.parametrize("peers", [1, NAMES])
def test_40_names_that_hang_make_no_others_late(make_runner, make_names, make_hanging, redis, handler, own_target, peers):
    """64 calls each: 2,560, and 1,000 places. Neither a job that was there before nor a new one notices."""
    hosts = make_hanging(*[f"127.1.0.{n + 1}" for n in range(peers)])
    at = {f"hang{n}.test": hosts[n % peers] for n in range(NAMES)}
    known, new = own_target.hook(), own_target.hook()
    names = make_names(lambda name: [at[name].listener.getsockname()[0]] if name in at else ["127.0.0.1"])
    make_runner(**names.settings)
    handler.schedule("* * * * * *", named(known, "known.test"))
    known.wait_for_calls(2)

    instant = soon(1)
    for name, host in at.items():
        plant_jobs(redis, 64, instant, schedule="* * * * * *", api=f"http://{name}:{host.port}/", timeout_ms=60000)
    wait_for(lambda: time.time() > instant + 2)
    handler.schedule("* * * * * *", named(new, "new.test"))
    begin = soon(1)
    late = lateness_ms([known], range(instant, instant + 12)) + lateness_ms([new], range(begin, begin + 8))
    calls = hanging_calls(hosts)
    print(f"\np99 lateness {p99(late):.1f} ms, {calls} calls hang", end="")
    assert p99(late) <= LATE_MS * SCALE
    assert PLACES / 8 <= calls <= PLACES / 2, "half of the places, at most; but those that hang have their share"


def test_names_that_answered_and_then_hang_take_half_of_the_places(make_runner, make_names, make_hanging, redis, handler, own_target):
    """An outage: what was quick a second ago is not trusted any longer than that."""
    hosts = make_hanging(*[f"127.1.0.{n + 1}" for n in range(NAMES)])
    at = {f"hang{n}.test": host for n, host in enumerate(hosts)}
    quick, known = own_target.hook(), own_target.hook()
    names = make_names(lambda name: ["127.0.0.1"])
    make_runner(**names.settings)
    handler.schedule("* * * * * *", named(known, "known.test"))
    begin = soon(1)
    for name in at:
        plant_jobs(redis, 10, begin, schedule="* * * * * *", api=named(quick, name))
    quick.wait_for_calls(1000, timeout=20)

    instant = soon(3)
    for name, host in at.items():
        plant_jobs(redis, 64, instant, schedule="* * * * * *", api=f"http://{host.listener.getsockname()[0]}:{host.port}/", timeout_ms=60000)
    late = lateness_ms([known], range(instant, instant + 10))
    print(f"\np99 lateness {p99(late):.1f} ms, {hanging_calls(hosts)} calls hang", end="")
    assert p99(late) <= LATE_MS * SCALE
    assert hanging_calls(hosts) <= PLACES / 2


def test_500_lookups_a_second_that_nobody_answers_make_no_others_late(make_runner, make_names, redis, handler, own_target):
    names = make_names(lambda name: None if name.startswith("silent") else ["127.0.0.1"], ttl=0)
    hook = own_target.hook()
    runner = make_runner(**names.settings)
    handler.schedule("* * * * * *", named(hook, "healthy.test"))
    hook.wait_for_calls(2)
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
    print(f"\np99 lateness {p99(late):.1f} ms; {asked} names asked for; {most[0]} threads, {most[1]} descriptors (before: {before})", end="")
    assert p99(late) <= LATE_MS * SCALE
    assert asked == 5000
    assert most[0] <= before[0] + 4 and most[1] <= before[1] + 32, (before, most)
