"""What one client may take: JOBS_MAX, MIN_INTERVAL_S, IDEMPOTENCY_BYTES. Each by every way in: a POST, a line of a batch, a PATCH, a backup."""
import hashlib
import json
import math
import re
import threading
import time

import pytest

from harness import NEVER_SOON, id_bytes, key_of, wait_for

JOB = {"schedule": NEVER_SOON, "api": "http://h/", "type": "ATLEAST_ONCE"}
SHARDS = 16


def job(n, **fields):
    return {**JOB, "api": f"http://h/{n}", **fields}


def statuses(answer):
    return [line.get("status", 201) for line in answer.lines]


# --- JOBS_MAX ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(make_handler):
    """Four jobs in each shard, at most."""
    return make_handler(JOBS_MAX=64)


def counts(handler):
    """How many jobs each shard has."""
    shards = [id_bytes(job_id)[0] % SHARDS for job_id in handler.all_jobs()]
    return [shards.count(shard) for shard in range(SHARDS)]


def test_what_is_more_than_jobs_max_is_refused_and_nothing_is_stored(small):
    answers = [small.post(job(n)) for n in range(200)]
    refused = next(answer for answer in answers if answer.status != 201)
    assert {answer.status for answer in answers} == {201, 507} and counts(small) == [4] * SHARDS
    assert refused.code == "QUOTA_EXCEEDED" and "JOBS_MAX (64)" in refused.error["message"]


def test_job_that_is_there_is_no_more_when_it_is_posted_again(small):
    assert small.post(job(0, name="named")).status == 201
    posted = [job(n) for n in range(200)]
    first = [small.post(body).status for body in posted]
    assert 507 in first and [small.post(body).status for body in posted] == first
    assert small.post(job(1, name="named")).json["api"] == "http://h/1"


def test_deleting_makes_room(small):
    posted = {n: small.post(job(n)) for n in range(200)}
    gone = small.all_jobs()[0]
    assert small.delete(gone).status == 204
    mate = next(n for n, answer in posted.items() if answer.status == 507 and small.post(job(n)).status == 201)
    assert counts(small) == [4] * SHARDS and small.post(job(mate)).status == 201


def test_lines_of_a_batch_are_counted_one_by_one(small):
    answer = small.batch([job(n) for n in range(300)])
    assert answer.status == 200 and statuses(answer).count(201) == 64 and statuses(answer).count(507) == 236
    assert counts(small) == [4] * SHARDS
    assert {line["error"]["code"] for line in answer.lines if "error" in line} == {"QUOTA_EXCEEDED"}


def test_backup_is_counted_too(small, make_handler):
    free = make_handler()
    free.batch([job(n) for n in range(300)])
    backup = free.export()
    for job_id in free.all_jobs():
        assert free.delete(job_id).status == 204
    assert statuses(small.batch(backup)).count(201) == 64


def test_many_clients_at_once_do_not_get_past_it(make_handler):
    handlers = [make_handler(JOBS_MAX=64) for _ in range(4)]

    def fill(n):
        for k in range(100):
            handlers[n].post(job(n * 100 + k))

    threads = [threading.Thread(target=fill, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts(handlers[0]) == [4] * SHARDS


def test_jobs_that_were_there_before_the_limit_count(make_handler):
    free = make_handler()
    free.batch([job(n) for n in range(300)])
    small = make_handler(JOBS_MAX=64)
    assert {small.post(job(n)).status for n in range(300, 400)} == {507}
    assert small.post(job(1)).status == 201


def test_count_that_is_wrong_is_made_anew(small, redis):
    """As after another version has stored and deleted jobs, or a person has."""
    job_id = small.post(JOB).json["job_id"]
    key = key_of(job_id, "count")
    with redis.client() as db:
        assert db.get(key) == b"1" and 50000 < db.pttl(key) <= 60000
        db.set(key, 4, keepttl=True)
        db.pexpire(key, 1)
        wait_for(lambda: not db.exists(key))
        small.delete(job_id)
        assert not db.exists(key)
        assert small.post(JOB).status == 201 and db.get(key) == b"1"
        db.delete(key)
        db.lpush(key, "no number")
        assert small.delete(job_id).status == 204 and small.post(JOB).status == 201 and db.get(key) == b"1"


def test_refusal_does_not_spend_an_idempotency_key(small):
    refused = next(n for n in range(300) if small.post(job(n), idempotency_key=f"k{n}").status == 507)
    for job_id in small.all_jobs():
        small.delete(job_id)
    answer = small.post(job(refused), idempotency_key=f"k{refused}")
    assert answer.status == 201 and "idempotent-replayed" not in answer.headers


def test_batch_that_met_the_limit_keeps_its_answer(small):
    """What came of each line is known, as with a 400."""
    lines = [job(n) for n in range(300)]
    first = small.batch(lines, idempotency_key="k")
    again = small.batch(lines, idempotency_key="k")
    assert again.headers["idempotent-replayed"] == "true" and statuses(again) == statuses(first)


# --- MIN_INTERVAL_S ---------------------------------------------------------------------------------------------------


@pytest.fixture
def slow(make_handler):
    """A minute between two instants."""
    return make_handler(MIN_INTERVAL_S=60)


def instants(answer):
    """The two that are named, as texts."""
    assert (answer.status, answer.code, answer.error["field"]) == (400, "VALIDATION_ERROR", "schedule"), answer
    first, second = re.match(r"(\S+) and (\S+) are \d+ s apart: two instants must have 60 s between them", answer.error["message"]).groups()
    return first, second


@pytest.mark.parametrize("schedule", ["* * * * * *", "*/30 * * * * *", "0,59 * * * * *", "@every 59s", "0,30 0 0 1 1 ?"])
def test_schedule_that_is_too_dense_is_refused_with_two_instants(slow, schedule):
    first, second = instants(slow.post({**JOB, "schedule": schedule}))
    assert first < second


def test_instants_are_those_of_the_schedule(slow):
    answer = slow.post({**JOB, "schedule": "10,40 30 9 1 1 ? 2090", "timezone": "Europe/Berlin"})
    assert instants(answer) == ("2090-01-01T09:30:10", "2090-01-01T09:30:40")


@pytest.mark.parametrize("schedule", ["* * * * *", "@every 60s", "@every 1m", "@hourly", "@at 2090-01-01T00:00:00Z", "@in 1s", "7 */5 * * * *"])
def test_schedule_that_keeps_the_distance_is_stored(slow, schedule):
    assert slow.post({**JOB, "schedule": schedule}).status == 201


def test_line_of_a_batch_is_refused_alone(slow):
    answer = slow.batch([JOB, {**JOB, "schedule": "* * * * * *"}, job(2)])
    assert statuses(answer) == [201, 400, 201] and "60 s between them" in answer.lines[1]["error"]["message"]


def test_backup_of_a_dense_job_is_refused(slow, make_handler):
    make_handler().schedule("* * * * * *", "http://h/")
    backup = slow.export()
    for job_id in slow.all_jobs():
        slow.delete(job_id)
    assert statuses(slow.batch(backup)) == [400]


def test_change_of_the_schedule_is_judged_and_any_other_is_not(slow, make_handler):
    """A job that was there before the limit can still be described, and may become less dense."""
    job_id = make_handler().schedule("* * * * * *", "http://h/")
    assert slow.patch(job_id, {"description": "as before"}).status == 200
    assert slow.pause(job_id).status == slow.resume(job_id).status == 200
    for query in ("", "?dry_run=true"):
        assert instants(slow.patch(job_id, {"schedule": "*/2 * * * * *"}, query))
    assert slow.patch(job_id, {"schedule": "0 * * * * *"}).status == 200
    assert instants(slow.patch(job_id, {"schedule": "* * * * * *"}))


def test_name_is_no_way_around(slow):
    assert slow.post({**JOB, "name": "n"}).status == 201
    assert instants(slow.post({**JOB, "name": "n", "schedule": "* * * * * *"}))


def test_daily_job_keeps_a_day_whatever_daylight_saving_does(make_handler):
    handler = make_handler(MIN_INTERVAL_S=86400)
    assert handler.post({**JOB, "schedule": "30 2 * * *", "timezone": "Europe/Berlin"}).status == 201


# --- IDEMPOTENCY_BYTES ------------------------------------------------------------------------------------------------


USED = "dronc:idem:used"
HOUR_MS, DAY_MS = 3600 * 1000, 24 * 3600 * 1000


def replayed(answer):
    return answer.headers.get("idempotent-replayed") == "true"


def idem_key(key):
    return f"dronc:idem:{{{hashlib.sha256(key.encode()).hexdigest()}}}"


def used(db):
    return sum(int(value) for value in db.hvals(USED))


def fill(db, handler_bytes, part):
    """As if so much were kept until tomorrow."""
    db.delete(USED)
    db.hset(USED, str((int(time.time()) + 86400) * 1000), int(handler_bytes * part))


@pytest.fixture
def tight(make_handler):
    return make_handler(IDEMPOTENCY_BYTES=1000000)


def test_what_is_kept_is_counted_until_it_ends(tight, redis):
    with redis.client() as db:
        body = tight.post(JOB, idempotency_key="k").body
        assert used(db) == 600 + math.ceil(len(body) * 1.3)
        ends, = (int(end) for end in db.hkeys(USED))
        assert ends % HOUR_MS == 0 and DAY_MS <= ends - time.time() * 1000 + 1000 <= DAY_MS + HOUR_MS + 1000
        before = used(db)
        tight.post(JOB, idempotency_key="k")
        tight.post({**JOB, "schedule": "nonsense"}, idempotency_key="refused")
        assert used(db) == before
        db.rename(USED, "kept")
        db.hset(USED, "1700000000000", 999999)  # it has ended
        tight.post(job(2), idempotency_key="k2")
        assert 600 < used(db) < 2000 and DAY_MS < db.pttl(USED) <= DAY_MS + HOUR_MS


@pytest.mark.parametrize("part, keep_ms", [(0.4, DAY_MS), (0.6, HOUR_MS), (0.8, 300000)])
def test_the_fuller_it_is_the_shorter_an_answer_is_kept(tight, redis, part, keep_ms):
    with redis.client() as db:
        fill(db, 1000000, part)
        tight.post(JOB, idempotency_key="k")
        assert keep_ms - 20000 < db.pttl(idem_key("k")) <= keep_ms
        assert replayed(tight.post(JOB, idempotency_key="k"))


def test_where_there_is_no_room_a_request_with_a_key_is_refused_and_one_without_is_not(tight, redis):
    with redis.client() as db:
        kept = tight.post(job(1), idempotency_key="kept")
        fill(db, 1000000, 1)
        answer = tight.post(JOB, idempotency_key="k")
        assert (answer.status, answer.code) == (507, "QUOTA_EXCEEDED") and "IDEMPOTENCY_BYTES" in answer.error["message"]
        assert tight.batch([JOB], idempotency_key="k").code == "QUOTA_EXCEEDED"
        assert tight.all_jobs() == [kept.json["job_id"]] and not db.exists(idem_key("k"))
        assert replayed(tight.post(job(1), idempotency_key="kept"))
        assert tight.post(JOB).status == 201
        db.delete(USED)
        assert tight.post(JOB, idempotency_key="k").status == 201


def test_answer_for_which_there_is_no_room_is_not_kept_and_the_request_is_done_again(tight, redis):
    with redis.client() as db:
        fill(db, 1000000, 0.9992)
        assert tight.post(JOB, idempotency_key="k").status == 201
        assert db.hget(idem_key("k"), "status") is None
        assert tight.post(job(2), idempotency_key="k").status == 422
        again = tight.post(JOB, idempotency_key="k")
        assert again.status == 201 and not replayed(again)


def test_many_clients_at_once_stay_within_it(make_handler, redis):
    handlers = [make_handler(IDEMPOTENCY_BYTES=100000) for _ in range(4)]

    def take(n):
        for k in range(100):
            handlers[n].post(job(n * 100 + k), idempotency_key=f"{n}-{k}")

    threads = [threading.Thread(target=take, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with redis.client() as db:
        kept = db.keys("dronc:idem:{*}")
        assert 80000 < used(db) <= 100000
        assert sum(db.memory_usage(key, samples=0) for key in kept) <= 100000
        assert sum(db.strlen(key) if db.type(key) == b"string" else 600 for key in kept) <= used(db)


def test_without_a_limit_nothing_is_counted(make_handler, redis):
    handler = make_handler(IDEMPOTENCY_BYTES=0)
    handler.post(JOB, idempotency_key="k")
    with redis.client() as db:
        assert not db.exists(USED) and replayed(handler.post(JOB, idempotency_key="k"))


def test_long_answer_to_a_batch_is_kept_as_ids(tight, redis):
    lines = [job(n, description="x" * 200) if n % 5 else {**JOB, "schedule": "nonsense"} for n in range(1000)]
    first = tight.batch(lines, idempotency_key="k")
    assert len(first.body) > 200000
    again = tight.batch(lines, idempotency_key="k")
    assert (again.status, replayed(again)) == (200, True)
    assert again.lines == [{key: line[key] for key in ("job_id", "line", "status") if key in line} for line in first.lines]
    with redis.client() as db:
        assert db.hstrlen(idem_key("k"), "body") < 40000
    assert tight.batch(lines[:2], idempotency_key="k").status == 422


def test_short_lines_that_make_long_errors_are_kept_short(tight, redis):
    tight.batch("{}\n" * 1000, idempotency_key="k")
    with redis.client() as db:
        assert db.hstrlen(idem_key("k"), "body") < 12000
    assert statuses(tight.batch("{}\n" * 1000, idempotency_key="k")) == [400] * 1000


def test_long_answer_to_a_post_is_kept_as_an_id(tight):
    body = {**JOB, "method": "POST", "body": ""}
    body["body"] = "\1" * ((65536 - len(json.dumps(body))) // 6)  # six bytes each, in JSON
    first = tight.post(body, idempotency_key="k")
    again = tight.post(body, idempotency_key="k")
    assert first.status == 201 and len(first.body) > 65536 and replayed(again)
    assert (again.status, again.lines) == (200, [{"job_id": first.json["job_id"]}])


def test_damaged_counts_give_way(tight, redis):
    with redis.client() as db:
        db.hset(USED, mapping={"x": "y", "9" * 15: "z"})
        assert tight.post(JOB, idempotency_key="k").status == 201 and 600 < used(db) < 2000
        db.delete(USED)
        db.set(USED, "no hash")
        assert tight.post(JOB, idempotency_key="k2").status == 201 and 600 < used(db) < 2000
        db.hset(idem_key("k3"), mapping={"request": hashlib.sha256(b"").digest()})
        assert tight.post(JOB, idempotency_key="k3").status == 422
