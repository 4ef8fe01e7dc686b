"""The life of a job on the real stack: changed, paused, resumed, run by hand, deleted and created again, at any time."""
import collections
import random
import select
import socket
import threading
import time

import pytest

import harness
from harness import NEVER_SOON, at_second, id_bytes, job_key, key_of, soon, wait_for
from planted import plant
from target import held, slow, status

BOTH = pytest.mark.parametrize("kind", ["ATMOST_ONCE", "ATLEAST_ONCE"])


def left_of(db, job_id):
    """What there is of a job in Redis, the feed and the list of the dead apart."""
    hex_id = id_bytes(job_id)
    found = [key for key in db.keys("dronc:*") if hex_id in key]
    for name in ("due", "retry", "broken"):
        found += [(name, entry) for entry in db.zrange(key_of(job_id, name), 0, -1) if hex_id in entry]
    for key in db.keys("dronc:*:claimed:*"):
        found += [(key, field) for field in db.hkeys(key) if hex_id in field]
    return found + [key for key in db.keys("dronc:*:jobs:*") if db.zscore(key, hex_id) is not None]


def wait_until_idle(redis):
    with redis.client() as db:
        wait_for(lambda: not db.keys("dronc:*:claimed:*"), what="the end of all calls")


def outcomes(client, job_id):
    return [(e["outcome"], e["attempt"]) for e in client.executions(job_id=job_id)[::-1]]


# --- pause and resume ---------------------------------------------------------------------------------------------


def test_paused_job_is_not_called_and_a_resumed_one_is(handler, runner, redis, hook, pass_instants):
    job_id = handler.schedule("* * * * * *", hook.url)
    hook.wait_for_calls(2)
    job = handler.pause(job_id, {"note": "the API is being moved"}).json
    assert (job["state"], job["state_reason"], job["state_note"], job["next"]) == (
        "PAUSED", "user", "the API is being moved", [])
    wait_until_idle(redis)
    seen = len(hook.calls)
    with redis.client() as db:
        assert db.zscore(key_of(job_id, "due"), id_bytes(job_id)) is None
    pass_instants(2)
    assert len(hook.calls) == seen
    job = handler.resume(job_id).json
    assert job["state"] == "ACTIVE" and "state_note" not in job and len(job["next"]) == 5
    hook.wait_for_calls(seen + 2)
    assert hook.calls[seen].scheduled == job["next"][0]["unix"], "the first instant after the resume"


@BOTH
@pytest.mark.parametrize("change", [lambda handler, job: handler.patch(job, {"schedule": "*/1 * * * * *"}),
                                    lambda handler, job: (handler.pause(job), handler.resume(job))])
def test_what_was_called_before_redis_clock_was_set_back_is_not_called_again(handler, redis, kind, change):
    job_id, called = handler.schedule("* * * * * *", "http://h/", kind), int(time.time()) + 100
    with redis.client() as db:
        plant(db, {job_id: [called - 1, called]}, feed=False)
        change(handler, job_id)
        assert db.zscore(key_of(job_id, "due"), id_bytes(job_id)) == (called + 1) * 1000


def test_pause_and_resume_twice_are_as_good_as_once(handler):
    job_id = handler.schedule(NEVER_SOON, "http://h/")
    assert handler.pause(job_id, {"note": "one"}).json == handler.pause(job_id, {"note": "two"}).json
    resumed = handler.resume(job_id).json
    assert resumed == handler.resume(job_id).json and resumed["version"] == 1


@pytest.mark.parametrize("body, field", [('{"note": 1}', "note"), ({"note": "x" * 513}, "note"), ('["x"]', None), ("{", None),
                                         ({"reason": "x"}, None)])
def test_pause_refuses_what_is_no_note(handler, body, field):
    answer = handler.pause(handler.schedule(NEVER_SOON, "http://h/"), body)
    assert (answer.status, answer.code, answer.error.get("field")) == (400, "INVALID_REQUEST", field)


def test_retry_that_waits_while_its_job_is_paused_is_cancelled(handler, runner, redis, hook):
    job_id = handler.schedule(at_second(soon()), hook.answers(status(500)).url, "ATLEAST_ONCE")
    hook.wait_for_calls(1)
    wait_for(lambda: handler.executions(job_id=job_id))
    handler.pause(job_id)
    wait_for(lambda: any(outcome == "cancelled" for outcome, _ in outcomes(handler, job_id)), 40)
    attempts = len(hook.calls)
    assert sorted(outcomes(handler, job_id), key=lambda o: o[1]) == [*(("failed", n) for n in range(1, attempts + 1)), ("cancelled", attempts + 1)]
    with redis.client() as db:
        assert not db.zcard(key_of(job_id, "retry"))


def test_pausing_and_resuming_all_the_time_calls_nothing_twice_and_leaves_out_nothing_afterwards(handler, runner, hook):
    job_id = handler.schedule("* * * * * *", hook.url)
    end = time.monotonic() + 4
    while time.monotonic() < end:
        assert handler.pause(job_id).json["state"] == "PAUSED"
        assert handler.resume(job_id).json["state"] == "ACTIVE"
    settled = time.time() + 1
    hook.wait_for_calls(len(hook.calls) + 3)
    keys = [call.key for call in hook.calls]
    assert len(keys) == len(set(keys)), f"called twice: {hook.calls}"
    later = [call.scheduled for call in hook.calls if call.scheduled > settled]
    assert later == list(range(int(later[0]), int(later[0]) + len(later)))


# --- delete -------------------------------------------------------------------------------------------------------


@BOTH
def test_deleted_job_is_called_no_more_and_nothing_is_left_of_it(handler, runner, redis, hook, pass_instants, kind):
    job_id = handler.schedule("* * * * * *", hook.url, kind)
    hook.wait_for_calls(2)
    assert handler.delete(job_id).status == 204
    wait_until_idle(redis)
    seen = len(hook.calls)
    with redis.client() as db:
        assert left_of(db, job_id) == []
    pass_instants(1)
    assert len(hook.calls) == seen
    assert handler.job(job_id).code == handler.delete(job_id).code == "JOB_NOT_FOUND"
    assert handler.executions(job_id=job_id) == []
    assert len([e for e in handler.executions(limit=200) if e["job_id"] == job_id]) == seen, "the feed still tells"


@BOTH
def test_call_under_way_ends_and_is_recorded_when_its_job_is_deleted(handler, runner, redis, hook, kind):
    job_id = handler.schedule(at_second(soon()), hook.answers(slow(1.0), status(200)).url, kind)
    hook.wait_for_calls(1)
    assert handler.delete(job_id).status == 204
    record = wait_for(lambda: [e for e in handler.executions() if e["job_id"] == job_id])
    assert [e["outcome"] for e in record] == ["succeeded"]
    with redis.client() as db:
        assert left_of(db, job_id) == []


def test_failing_call_of_a_job_that_is_deleted_meanwhile_is_not_retried(handler, runner, redis, hook):
    job_id = handler.schedule(at_second(soon()), hook.answers(held).url, "ATLEAST_ONCE")
    hook.wait_for_calls(1)
    assert handler.delete(job_id).status == 204
    hook.release()
    wait_for(lambda: [e for e in handler.executions() if e["job_id"] == job_id])
    with redis.client() as db:
        assert left_of(db, job_id) == []


def test_retries_of_a_deleted_job_go(handler, runner, redis, hook):
    job_id = handler.schedule(at_second(soon()), hook.answers(status(500)).url, "ATLEAST_ONCE")
    hook.wait_for_calls(1)
    wait_for(lambda: handler.executions(job_id=job_id))
    assert handler.delete(job_id).status == 204
    wait_until_idle(redis)
    seen = len(hook.calls)
    with redis.client() as db:
        wait_for(lambda: left_of(db, job_id) == [], 40)
    assert len(hook.calls) == seen


def test_job_that_is_made_again_begins_anew(handler, runner, redis, hook):
    definition = {"schedule": "* * * * * *", "api": hook.url, "type": "ATMOST_ONCE"}
    job_id = handler.post(definition).json["job_id"]
    end = time.monotonic() + 4
    while time.monotonic() < end:
        assert handler.delete(job_id).status == 204
        assert handler.post(definition).json["job_id"] == job_id
    hook.wait_for_calls(len(hook.calls) + 2)
    keys = [call.key for call in hook.calls]
    assert len(keys) == len(set(keys)), f"called twice: {hook.calls}"


def test_deleting_a_version_that_is_no_more_is_refused(handler):
    job_id = handler.schedule(NEVER_SOON, "http://h/")
    handler.patch(job_id, {"type": "ATLEAST_ONCE"})
    answer = handler.delete(job_id, if_match='"1"')
    assert (answer.status, answer.code) == (412, "PRECONDITION_FAILED")
    assert handler.delete(job_id, if_match='"7", "2"').status == 204
    assert handler.delete(job_id, if_match="*").status == 404


# --- run now ------------------------------------------------------------------------------------------------------


def test_run_calls_at_once_and_says_which_execution_it_is(handler, runner, hook):
    job_id = handler.schedule(NEVER_SOON, hook.url)
    begin = time.time()
    answer = handler.run(job_id)
    assert answer.status == 202 and answer.json["job_id"] == job_id
    call, = hook.wait_for_calls(1)
    assert call.at - begin < 0.5
    record, = handler.wait_for_executions(job_id)
    assert record["id"] == answer.json["execution_id"]
    assert (record["outcome"], record["attempt"]) == ("succeeded", 1)
    assert abs(record["scheduled_time_ms"] / 1000 - begin) < 1


@pytest.mark.alone
def test_run_leaves_within_20_ms_on_an_idle_machine(handler, runner, hook):
    job_id = handler.schedule(NEVER_SOON, hook.url)
    took = []
    for n in range(20):
        begin = time.time()
        handler.run(job_id)
        took.append(hook.wait_for_calls(n + 1)[n].at - begin)
    assert sorted(took)[5] < 0.020 * harness.SCALE, f"{[round(t * 1000, 1) for t in sorted(took)]} ms"


def test_run_works_while_the_job_is_paused_and_keeps_its_guarantee(handler, runner, hook):
    job_id = handler.schedule(NEVER_SOON, hook.answers(status(500), status(200)).url, "ATLEAST_ONCE")
    handler.pause(job_id)
    answer = handler.run(job_id)
    calls = hook.wait_for_calls(2)
    assert len({call.key for call in calls}) == 1
    records = wait_for(lambda: [e for e in handler.executions(job_id=job_id) if e["outcome"] == "succeeded"])
    assert records[0]["id"].rsplit(":", 1)[0] == answer.json["execution_id"].rsplit(":", 1)[0]
    assert handler.job(job_id).json["state"] == "PAUSED"


def test_runs_at_the_same_time_are_as_many_calls(handler, make_handler, runner, hook):
    job_id = handler.schedule("* * * * * *", hook.url)
    handlers = [handler, make_handler(), make_handler()]
    ids = []
    threads = [threading.Thread(target=lambda h=h: ids.extend(h.run(job_id).json["execution_id"] for _ in range(20)))
               for h in handlers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 60
    wait_for(lambda: len([c for c in hook.calls if c.scheduled % 1]) == 60)
    assert len({call.key for call in hook.calls}) == len(hook.calls)


def test_run_at_a_time_when_no_runner_is_there_is_made_later(handler, make_runner, hook):
    job_id = handler.schedule(NEVER_SOON, hook.url)
    handler.run(job_id)
    make_runner()
    hook.wait_for_calls(1)


# --- change -------------------------------------------------------------------------------------------------------


def test_patch_changes_what_it_names_and_nothing_else(handler):
    job_id = handler.schedule(NEVER_SOON, "http://h/one", "ATLEAST_ONCE", catch_up="latest", catch_up_window_s=7200)
    answer = handler.patch(job_id, {"api": "http://h/two"}, content_type="application/merge-patch+json")
    assert answer.status == 200 and answer.headers["etag"] == '"2"'
    job = answer.json
    assert (job["job_id"], job["api"], job["schedule"], job["catch_up"], job["catch_up_window_s"], job["version"]) == (
        job_id, "http://h/two", NEVER_SOON, "latest", 7200, 2)
    job = handler.patch(job_id, {"catch_up_window_s": None}).json
    assert "catch_up_window_s" not in job and job["catch_up"] == "latest"
    assert handler.job(job_id).json == job


def test_patch_takes_away_members_that_are_not_there(handler):
    """null in an object that the job does not have is nothing to complain about (RFC 7396)."""
    job_id = handler.schedule(NEVER_SOON, "http://h/")
    answer = handler.patch(job_id, {"headers": {"X-Old": None}, "success": {"body_contains": None}, "retry": {"jitter": None}})
    assert (answer.status, answer.json["version"]) == (200, 1), answer
    assert handler.patch(job_id, {"headers": {"X-Old": None, "X-New": "1"}}).json["headers"] == {"X-New": "1"}


def test_patch_that_changes_nothing_makes_no_version(handler):
    job_id = handler.schedule(NEVER_SOON, "http://h/")
    assert handler.patch(job_id, {"api": "http://h/", "timezone": "UTC"}).json["version"] == 1
    assert handler.patch(job_id, {}).json["version"] == 1


@pytest.mark.parametrize("change, code, field", [
    ({"schedule": None}, "INVALID_REQUEST", "schedule"), ({"x": 1}, "INVALID_REQUEST", "x"), ({"api": 1}, "INVALID_REQUEST", "api"),
    ({"api": "nope"}, "VALIDATION_ERROR", "api"), ({"schedule": "61 * * * *"}, "JOB_CREATION_FAILED", "schedule"),
    ({"schedule": "0 0 1 1 ? 2020"}, "JOB_CREATION_FAILED", "schedule"), ({"type": "X"}, "VALIDATION_ERROR", "type"),
    ({"catch_up_max": 5}, "VALIDATION_ERROR", "catch_up_max"), ("[]", "INVALID_REQUEST", None), ("", "INVALID_REQUEST", None)])
def test_patch_is_judged_as_a_whole_like_a_post(handler, change, code, field):
    job_id = handler.schedule(NEVER_SOON, "http://h/")
    before = handler.job(job_id).json
    answer = handler.patch(job_id, change)
    assert (answer.status, answer.code, answer.error.get("field")) == (400, code, field)
    assert handler.job(job_id).json == before


def test_patch_of_a_schedule_with_a_zone_of_its_own(handler):
    job_id = handler.schedule("CRON_TZ=Europe/Berlin 0 9 * * *", "http://h/")
    assert handler.patch(job_id, {"schedule": "CRON_TZ=Asia/Tokyo 0 9 * * *"}).json["timezone"] == "Asia/Tokyo"
    assert handler.patch(job_id, {"schedule": "0 9 * * *"}).json["timezone"] == "Asia/Tokyo"
    assert handler.patch(job_id, {"timezone": None}).json["timezone"] == "UTC"
    assert handler.patch(job_id, {"schedule": "TZ=Asia/Tokyo 0 9 * * *", "timezone": "UTC"}).error["field"] == "timezone"


def test_patch_of_the_schedule_moves_the_next_instant(handler, redis, runner, hook, pass_instants):
    job_id = handler.schedule(NEVER_SOON, hook.url)
    job = handler.patch(job_id, {"schedule": "* * * * * *"}).json
    call = hook.wait_for_calls(1)[0]
    assert call.scheduled == job["next"][0]["unix"]
    job = handler.patch(job_id, {"schedule": NEVER_SOON}).json
    wait_until_idle(redis)
    seen = len(hook.calls)
    with redis.client() as db:
        assert db.zscore(key_of(job_id, "due"), id_bytes(job_id)) == job["next"][0]["unix"] * 1000
    pass_instants(1)
    assert len(hook.calls) == seen


def test_patch_all_the_time_calls_nothing_twice_and_leaves_out_nothing_afterwards(handler, runner, hook):
    job_id = handler.schedule("* * * * * *", hook.url)
    end = time.monotonic() + 4
    n = 0
    while time.monotonic() < end:
        n += 1
        assert handler.patch(job_id, {"schedule": ("* * * * * *", "*/1 * * * * *")[n % 2]}).status == 200
    settled = time.time() + 1
    hook.wait_for_calls(len(hook.calls) + 3)
    keys = [call.key for call in hook.calls]
    assert len(keys) == len(set(keys)), f"called twice: {hook.calls}"
    seconds = sorted(call.scheduled for call in hook.calls)
    assert seconds == list(range(int(seconds[0]), int(seconds[0]) + len(seconds))), "left out, though it was always due"
    assert seconds[-1] > settled


def test_patch_of_a_paused_job_leaves_it_paused(handler, redis):
    job_id = handler.schedule(NEVER_SOON, "http://h/")
    handler.pause(job_id)
    assert handler.patch(job_id, {"schedule": "* * * * * *"}).json["state"] == "PAUSED"
    with redis.client() as db:
        assert db.zscore(key_of(job_id, "due"), id_bytes(job_id)) is None
    assert len(handler.resume(job_id).json["next"]) == 5


def test_patch_brings_a_completed_job_back(handler, runner, hook):
    job_id = handler.schedule(at_second(soon()), hook.url)
    wait_for(lambda: handler.job(job_id).json["state"] == "COMPLETED")
    assert handler.resume(job_id).json["state"] == "COMPLETED"
    assert handler.patch(job_id, {"schedule": "* * * * * *"}).json["state"] == "ACTIVE"
    hook.wait_for_calls(2)


def test_dry_run_shows_the_instants_before_and_after_and_changes_nothing(handler):
    job_id = handler.schedule("0 0 1 1 ? 2100", "http://h/")
    before = handler.job(job_id).json
    answer = handler.patch(job_id, {"schedule": "0 0 1 2 ? 2100"}, "?dry_run=true")
    assert answer.status == 200 and answer.headers["etag"] == '"1"'
    assert answer.json["dry_run"] is True and answer.json["job"]["schedule"] == "0 0 1 2 ? 2100"
    assert [i["utc"] for i in answer.json["next_before"]] == ["2100-01-01T00:00:00Z"]
    assert [i["utc"] for i in answer.json["next_after"]] == ["2100-02-01T00:00:00Z"]
    assert handler.job(job_id).json == before
    assert handler.patch(job_id, {"schedule": "x"}, "?dry_run=true").code == "JOB_CREATION_FAILED"
    assert handler.patch(job_id, {}, "?dry_run=1").error["field"] == "dry_run"


def test_if_match_lets_one_of_two_changes_through(handler):
    job_id = handler.schedule(NEVER_SOON, "http://h/")
    assert handler.patch(job_id, {"api": "http://h/a"}, if_match='"1"').status == 200
    answer = handler.patch(job_id, {"api": "http://h/b"}, if_match='"1"')
    assert (answer.status, answer.code) == (412, "PRECONDITION_FAILED")
    assert handler.patch(job_id, {"api": "http://h/c"}, if_match="*").json["version"] == 3


def test_if_match_lets_one_of_equal_changes_through(handler, make_handler):
    """Whoever gets a 200 made the version: a counter, a lock, or "the first one wins" can be built on it."""
    job_id = handler.schedule(NEVER_SOON, "http://h/")
    clients = [handler, *(make_handler() for _ in range(3))]
    answers = []

    def count_on(client):
        for _ in range(150):
            version = client.job(job_id).json["version"]
            answers.append(client.patch(job_id, {"description": f"{version}"}, if_match=f'"{version}"'))

    threads = [threading.Thread(target=count_on, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = collections.Counter(answer.status for answer in answers)
    assert set(counts) <= {200, 412} and counts[200] == handler.job(job_id).json["version"] - 1, counts


class LosesAnswers:
    """Stands between a handler and Redis. While it is armed, the answer to what holds `word` is lost with its connection."""

    def __init__(self, redis, home):
        self.redis, self.path, self.word, self.lost = redis, home / "between.sock", None, 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                threading.Thread(target=self.carry, args=[self.listener.accept()[0]], daemon=True).start()
            except OSError:
                return

    def carry(self, client):
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self.redis.socket))
            while True:
                for end in select.select([client, server], [], [])[0]:
                    data = end.recv(1 << 20)
                    if not data:
                        return
                    if end is server:
                        client.sendall(data)
                        continue
                    server.sendall(data)
                    if self.word and self.word in data:
                        server.recv(1 << 20)  # it is done
                        self.word, self.lost = None, self.lost + 1
                        return

    def close(self):
        self.listener.close()


@pytest.fixture
def between(redis, home):
    made = LosesAnswers(redis, home)
    yield made
    made.close()


@pytest.mark.parametrize("again", ["by its id", "by its name"])
def test_change_whose_answer_is_lost_is_known_again(between, make_handler, again):
    """The command is sent twice, and finds a version that is its own doing."""
    handler = make_handler(REDIS_SOCKET=between.path)
    definition = {"schedule": NEVER_SOON, "api": "http://h/", "type": "ATLEAST_ONCE", "name": "mine"}
    job_id = handler.post(definition).json["job_id"]
    handler.patch(job_id, {"description": "the script is known by now"})
    between.word = b"a word"
    if again == "by its id":
        answer = handler.patch(job_id, {"description": "a word"}, if_match='"2"')
    else:
        answer = handler.post({**definition, "description": "a word"}, if_match='"2"')
    assert (answer.status, between.lost) == (200 if again == "by its id" else 201, 1), answer
    job = handler.job(job_id).json
    assert (job["version"], job["description"]) == (3, "a word")


def test_changes_at_the_same_time_are_all_made(handler, make_handler):
    job_id = handler.schedule(NEVER_SOON, "http://h/", "ATLEAST_ONCE", catch_up="all")
    second = make_handler()
    changes = [(handler, lambda n: {"catch_up_max": n + 1}), (second, lambda n: {"catch_up_window_s": n + 1})]
    failed = []

    def work(client, change):
        for n in range(40):
            answer = client.patch(job_id, change(n))
            if answer.status != 200:
                failed.append(answer)

    threads = [threading.Thread(target=work, args=pair) for pair in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    job = handler.job(job_id).json
    assert not failed and (job["catch_up_max"], job["catch_up_window_s"], job["version"]) == (40, 40, 81)


def test_post_of_a_definition_whose_job_was_changed_is_a_conflict(handler):
    definition = {"schedule": NEVER_SOON, "api": "http://h/one", "type": "ATMOST_ONCE"}
    job_id = handler.post(definition).json["job_id"]
    handler.patch(job_id, {"api": "http://h/two"})
    answer = handler.post(definition)
    assert (answer.status, answer.code) == (409, "CONFLICT") and job_id in answer.error["message"]
    assert handler.job(job_id).json["api"] == "http://h/two"
    handler.patch(job_id, {"api": "http://h/one"})
    assert handler.post(definition).json["job_id"] == job_id


def test_post_of_a_paused_job_leaves_it_paused(handler):
    definition = {"schedule": NEVER_SOON, "api": "http://h/", "type": "ATMOST_ONCE"}
    job_id = handler.post(definition).json["job_id"]
    handler.pause(job_id)
    assert handler.post(definition).status == 201
    assert handler.job(job_id).json["state"] == "PAUSED"


# --- everything at once -------------------------------------------------------------------------------------------


class Busybody:
    """Does to a job whatever comes to its mind."""

    def __init__(self, client, definition, seed):
        self.client, self.definition, self.random = client, definition, random.Random(seed)
        self.job_id = client.post(definition).json["job_id"]
        self.statuses = collections.Counter()

    def act(self):
        act = self.random.choice([self.pause, self.resume, self.resume, self.run, self.change, self.change_time, self.make_anew])
        self.statuses[act.__name__, act()] += 1

    def pause(self):
        return self.client.pause(self.job_id).status

    def resume(self):
        return self.client.resume(self.job_id).status

    def run(self):
        return self.client.run(self.job_id).status

    def change(self):
        return self.client.patch(self.job_id, {"catch_up": self.random.choice(["latest", "none", None])}).status

    def change_time(self):
        return self.client.patch(self.job_id, {"schedule": self.random.choice(["* * * * * *", "*/1 * * * * *"])}).status

    def make_anew(self):
        deleted = self.client.delete(self.job_id).status
        return deleted, self.client.post(self.definition).status


@pytest.mark.parametrize("seed", range(2))
def test_whatever_is_done_at_most_once_stays_so_and_nothing_is_left(handler, make_runner, redis, target, seed):
    hooks = [target.hook() for _ in range(10)]
    for hook in hooks[1::2]:
        hook.answers(status(500), status(200), status(200), status(500), status(200))
    people = [Busybody(handler, {"schedule": "* * * * * *", "api": hook.url, "type": ("ATMOST_ONCE", "ATLEAST_ONCE")[n % 2]},
                       seed * 100 + n) for n, hook in enumerate(hooks)]
    runners = [make_runner(), make_runner()]
    begin = time.monotonic()
    while time.monotonic() < begin + 8:
        people[int(time.monotonic() * 1000) % len(people)].act()
        if runners and time.monotonic() > begin + 3:
            runners.pop().kill()
            runners.clear()
            make_runner()
    done = sum((person.statuses for person in people), collections.Counter())
    assert {code for _, code in done} <= {200, 202, (204, 201)}, done
    for hook in hooks[::2]:
        keys = [call.key for call in hook.calls]
        assert keys and len(keys) == len(set(keys)), f"called twice: {hook.calls}"
    for person in people:
        assert handler.delete(person.job_id).status == 204
    with redis.client() as db:
        wait_for(lambda: not any(left_of(db, person.job_id) for person in people), 45, "nothing left")


def test_job_that_is_stored_after_its_first_instant_begins_behind_it(handler, redis):
    """Built before a full second, stored after it: the instant in between is none of the job's."""
    second = soon()
    wait_for(lambda: time.time() >= second - 0.1)
    redis.pause()
    answers = []
    poster = threading.Thread(target=lambda: answers.append(handler.post(
        {"schedule": "* * * * * *", "api": "http://127.0.0.1:9/", "type": "ATMOST_ONCE"})))
    poster.start()
    wait_for(lambda: time.time() >= second + 0.1)
    redis.resume()
    poster.join()
    job_id = answers[0].json["job_id"]
    with redis.client() as db:
        created = int(db.hget(job_key(job_id), "created"))
        due = int(db.zscore(key_of(job_id, "due"), id_bytes(job_id)))
    assert due == (second + 1) * 1000
    assert second * 1000 <= created < due
