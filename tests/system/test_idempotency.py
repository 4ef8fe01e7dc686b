"""Idempotency-Key: a POST that is sent again, because its client cannot know whether it came through, is answered as it was the first time."""
import hashlib
import threading

import pytest

from harness import NEVER_SOON, wait_for

JOB = {"schedule": NEVER_SOON, "api": "http://h/", "type": "ATLEAST_ONCE"}
OTHER = {**JOB, "api": "http://h/other"}
DAY_MS = 24 * 3600 * 1000


def idem_key(key):
    return f"dronc:idem:{{{hashlib.sha256(key.encode()).hexdigest()}}}"


def is_replayed(answer):
    return answer.headers.get("idempotent-replayed") == "true"


def test_a_repeat_gets_the_stored_answer(handler):
    first = handler.post(JOB, idempotency_key="k-1")
    again = handler.post(JOB, idempotency_key="k-1")
    assert (first.status, is_replayed(first)) == (201, False)
    assert (again.status, is_replayed(again), again.body) == (201, True, first.body)
    assert again.headers["content-type"] == first.headers["content-type"] == "application/json"


def test_the_stored_answer_does_nothing(handler):
    """The job is gone since; what is asked for again is what came of it then."""
    job_id = handler.post(JOB, idempotency_key="k").json["job_id"]
    handler.delete(job_id)
    assert is_replayed(handler.post(JOB, idempotency_key="k"))
    assert handler.all_jobs() == []
    assert not is_replayed(handler.post(JOB)) and handler.all_jobs() == [job_id]


def test_a_late_repeat_does_not_undo_a_change(handler):
    """By its name alone the job would get the old definition again."""
    job_id = handler.post({**JOB, "name": "n"}, idempotency_key="k").json["job_id"]
    handler.patch(job_id, {"api": "http://h/new"})
    assert is_replayed(handler.post({**JOB, "name": "n"}, idempotency_key="k"))
    assert handler.job(job_id).json["api"] == "http://h/new"


def test_the_key_with_another_body_is_refused(handler):
    handler.post(JOB, idempotency_key="k")
    answer = handler.post(OTHER, idempotency_key="k")
    assert (answer.status, answer.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert handler.post(OTHER, idempotency_key="K").status == 201  # another key
    assert handler.batch([JOB], idempotency_key="k").code == "IDEMPOTENCY_KEY_REUSED"


def test_a_batch_is_one_request(handler):
    lines = [JOB, {**JOB, "schedule": "nonsense"}, OTHER]
    first = handler.batch(lines, idempotency_key="batch")
    again = handler.batch(lines, idempotency_key="batch")
    assert (again.status, is_replayed(first), is_replayed(again), again.body) == (200, False, True, first.body)
    assert [line.get("status") for line in again.lines] == [None, 400, None]
    assert handler.batch(lines[:2], idempotency_key="batch").status == 422


def test_a_refused_request_does_not_spend_its_key(handler):
    for _ in range(2):
        answer = handler.post({**JOB, "schedule": "nonsense"}, idempotency_key="k")
        assert (answer.status, is_replayed(answer)) == (400, False)
    assert handler.post(JOB, idempotency_key="k").status == 201


@pytest.mark.parametrize("key, good", [("x" * 255, True), ("!~\"'", True), ("x" * 256, False), ("a b", False), ("é", False), ("", False)])
def test_what_a_key_may_be(handler, key, good):
    answer = handler.post(JOB, idempotency_key=key)
    assert (answer.status, answer.code) == ((201, "OK") if good else (400, "INVALID_REQUEST"))
    assert len(handler.all_jobs()) == good


def test_an_answer_is_kept_for_a_day(handler, redis):
    handler.post(JOB, idempotency_key="k")
    with redis.client() as db:
        assert DAY_MS - 60000 < db.pttl(idem_key("k")) <= DAY_MS
        db.pexpire(idem_key("k"), 1)
        wait_for(lambda: not db.exists(idem_key("k")))
    assert not is_replayed(handler.post(JOB, idempotency_key="k"))


def test_without_a_key_nothing_is_kept(handler, redis):
    handler.post(JOB)
    with redis.client() as db:
        assert db.keys("dronc:idem:*") == []


def test_a_request_whose_handler_died_is_done_again(handler, redis):
    """The key was noted, the answer was not: as if the handler had been killed in between."""
    handler.post(JOB, idempotency_key="k")
    with redis.client() as db:
        db.hdel(idem_key("k"), "status", "type", "body")
    assert handler.post(OTHER, idempotency_key="k").status == 422
    answer = handler.post(JOB, idempotency_key="k")
    assert (answer.status, is_replayed(answer)) == (201, False)
    assert is_replayed(handler.post(JOB, idempotency_key="k"))
    assert len(handler.all_jobs()) == 1


def test_a_failure_of_redis_is_not_kept(handler, redis):
    handler.post(JOB, idempotency_key="k")
    redis.kill()
    assert handler.post(JOB, idempotency_key="k").code == "STORAGE_ERROR"
    redis.start()
    wait_for(lambda: handler.post(JOB, idempotency_key="k").status == 201)


def test_lines_that_redis_refused_are_not_kept(handler, redis):
    handler.batch([JOB])
    with redis.client() as db:
        db.set("dronc:{%d}:due" % (int(handler.post(OTHER).json["job_id"][5:7], 16) % 16), "no sorted set")
        first = handler.batch([{**OTHER, "api": f"http://h/{n}"} for n in range(64)], idempotency_key="k")
        assert any(line.get("status") == 500 for line in first.lines)
        db.flushall()
    again = handler.batch([{**OTHER, "api": f"http://h/{n}"} for n in range(64)], idempotency_key="k")
    assert not is_replayed(again) and all("job_id" in line for line in again.lines)


def test_the_same_request_twice_at_the_same_time(stack):
    """Both do it, which is to do it once; and both are answered alike."""
    answers = []
    body = {**JOB, "api": "http://h/twice"}
    threads = [threading.Thread(target=lambda: answers.append(stack.post(body, idempotency_key="at the same time".replace(" ", "-"))))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(answer.status, answer.body) for answer in answers} == {(201, answers[0].body)}
    assert is_replayed(stack.post(body, idempotency_key="at-the-same-time"))


def test_damaged_keys_give_way(handler, redis):
    with redis.client() as db:
        db.set(idem_key("k"), "another program's")
        assert handler.post(JOB, idempotency_key="k").status == 201
        assert is_replayed(handler.post(JOB, idempotency_key="k"))
        db.hdel(idem_key("k"), "body")
    assert handler.post(JOB, idempotency_key="k").code == "STORAGE_ERROR"
