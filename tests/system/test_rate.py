"""rate_take, by a clock that stands still until the test moves it: a client may send a burst at once, and then as many as its rate says."""
import random

import pytest

KEY = "dronc:rate:{k}"
SECOND_US = 1_000_000


class Client:
    def __init__(self, redis, per_s, burst):
        self.redis, self.interval, self.burst = redis, SECOND_US // per_s, burst

    def send(self):
        """[1 or 0, left, ms]"""
        self.redis.set_clock()
        return self.redis.db.evalsha(self.redis.scripts.shas["rate_take"], 1, KEY, self.interval, self.burst)

    def send_many(self, count):
        """How many of them came through."""
        return sum(self.send()[0] for _ in range(count))

    def wait(self, ms):
        self.redis.now += ms


@pytest.fixture
def client(stepped):
    stepped.db.flushall()
    stepped.now = 1_900_000_000_000
    return lambda per_s, burst: Client(stepped, per_s, burst)


def test_a_burst_comes_through_and_no_more(client):
    one = client(10, 5)
    assert [one.send() for _ in range(6)] == [[1, 4, 100], [1, 3, 200], [1, 2, 300], [1, 1, 400], [1, 0, 500], [0, 0, 100]]


def test_then_one_comes_through_each_interval(client):
    one = client(10, 5)
    one.send_many(5)
    for _ in range(20):
        one.wait(99)
        assert one.send() == [0, 0, 1]
        one.wait(1)
        assert one.send() == [1, 0, 500]


def test_what_is_refused_is_not_counted(client):
    one = client(10, 1)
    assert one.send_many(1000) == 1
    one.wait(100)
    assert one.send_many(1000) == 1


def test_after_a_while_a_whole_burst_comes_through_again_and_no_more(client):
    one = client(10, 5)
    for pause in (500, 5000, 3600_000):
        assert one.send_many(100) == 5
        one.wait(pause)


def test_bucket_that_is_full_leaves_no_trace(client, stepped):
    """Redis' own clock does not stand still."""
    one = client(100, 2)
    one.send()
    assert 0 < stepped.db.pttl(KEY) <= 10


def test_clock_that_is_set_back_locks_no_client_out(client):
    one = client(1, 3)
    one.send_many(3)
    one.wait(-3600_000)
    assert one.send() == [0, 0, 1000]  # it counts from the new time on
    one.wait(1000)
    assert one.send_many(10) == 1
    one.wait(3000)
    assert one.send_many(10) == 3


def test_another_limit_holds_from_the_next_request_on(client):
    one, other = client(10, 100), client(10, 5)
    one.send_many(50)
    assert other.send_many(10) == 0
    other.wait(100)
    assert other.send_many(10) == 1
    other.wait(60000)
    assert other.send_many(10) == 5


@pytest.mark.parametrize("per_s, burst", [(1, 1), (3, 7), (10, 1), (1000, 50), (1000000, 1000000)])
def test_in_any_time_no_more_come_through_than_burst_and_rate(client, per_s, burst):
    chance = random.Random(f"{per_s}/{burst}")
    one, passed, begin = client(per_s, burst), [], client(1, 1).redis.now
    for _ in range(400):
        one.wait(chance.choice((0, 0, 1, 10, 1000)))
        if one.send()[0]:
            passed.append(one.redis.now)
    for first, at in enumerate(passed):
        for last in range(first, len(passed)):
            seconds = (passed[last] - at) / 1000
            assert last - first + 1 <= burst + seconds * per_s * 1.00001 + 1e-6
    assert len(passed) >= min(400, burst) and begin <= passed[0]
