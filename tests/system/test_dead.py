"""Occurrences whose attempts are spent: looked at, given another round of attempts, forgotten."""
import time

import pytest

from harness import NEVER_SOON, SHARDS, id_bytes, job_key, key_of, wait_for
from planted import job_ids, plant_dead
from target import status

UNKNOWN = "dead:" + "0" * 64 + ":1700000000000"
START = 1_700_000_000_000  # ms


@pytest.fixture
def db(redis):
    with redis.client() as db:
        yield db


def dead(client, query=""):
    answer = client.get(f"/v1/dead?{query}")
    assert answer.status == 200, answer
    assert answer.json["count"] == len(answer.json["dead"])
    return answer.json["dead"]


def all_dead(client, query="", cursor=""):
    """All pages of the list, from a cursor on."""
    while cursor is not None:
        page = client.get(f"/v1/dead?{query}{cursor}").json
        yield from page["dead"]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"


def dead_id(job_id, ms):
    return f"dead:{job_id[5:]}:{ms}"


def redrive(client, entry):
    return client.request("POST", f"/v1/dead/{entry}/redrive", "")


def redrive_many(client, query=""):
    """Until there is no more to do: {"redriven", "skipped"} of each request."""
    cursor = ""
    while cursor is not None:
        answer = client.request("POST", f"/v1/dead:redrive?{query}{cursor}", "")
        assert answer.status == 200, answer
        yield answer.json
        cursor = answer.json["next_cursor"] and f"&cursor={answer.json['next_cursor']}"


def retries(db):
    """{(id, scheduled): when} of all that waits for another attempt."""
    found = {}
    for shard in range(SHARDS):
        for entry, at in db.zrange(f"dronc:{{{shard}}}:retry", 0, -1, withscores=True):
            found[entry[:32], int(entry[32:].split(b":")[0])] = at
    return found


def occurrences_dead(db):
    return {(m[:32], int(m[32:])) for shard in range(SHARDS) for m in db.zrange(f"dronc:{{{shard}}}:dead", 0, -1)}


def at_least_once(handler, url="http://127.0.0.1:9/", name=""):
    return handler.schedule(NEVER_SOON, f"{url}?{name}", "ATLEAST_ONCE")


def last_attempt(db, job_id):
    """Make attempt 6, the last one, of an occurrence due now. Its instant in ms."""
    created = int(db.hget(job_key(job_id), "created"))
    member = id_bytes(job_id) + str(created + 1).encode()
    db.zadd(key_of(job_id, "retry"), {member + f":6.{created}".encode(): created})
    db.publish("dronc:wake", f"{id_bytes(job_id)[0] % SHARDS} {created}")
    return created + 1


# --- how it comes to that, and what is to be seen -----------------------------------------------------------------


def test_nothing_is_dead_at_first(handler):
    assert handler.get("/v1/dead").json == {"count": 0, "dead": [], "next_cursor": None}


def test_what_has_failed_for_the_last_time_is_dead(handler, runner, hook, db):
    job_id = at_least_once(handler, hook.answers(status(503)).url)
    ms = last_attempt(db, job_id)
    entry, = wait_for(lambda: dead(handler))
    assert (entry["id"], entry["job_id"]) == (dead_id(job_id, ms), job_id)
    assert (entry["scheduled_time_ms"], entry["scheduled_time"]) == (ms, ms // 1000)
    assert abs(entry["died_time_ms"] / 1000 - time.time()) < 60
    last = entry["last_execution"]
    assert (last["attempt"], last["status_code"], last["error_class"], last["error"]) == (6, 503, "http", "status 503")
    assert handler.get(f"/v1/executions/{last['id']}").json == last


def test_what_it_died_of_is_known_when_the_history_is_long_over(handler, db):
    job_id = at_least_once(handler)
    plant_dead(db, [(job_id, START)])
    assert handler.executions(job_id=job_id) == []
    assert dead(handler)[0]["last_execution"]["error"] == "status 503"


def test_entry_of_an_older_version_has_no_last_execution(handler, db):
    job_id, = job_ids(1, seed=1)
    db.zadd(key_of(job_id, "dead"), {id_bytes(job_id) + b"1700000000000": START})
    assert dead(handler)[0]["last_execution"] is None


def test_list_is_the_latest_first_page_by_page(handler, db):
    """Many of them died at the same instant: that is no reason to show one twice, or not at all."""
    plant_dead(db, [(job_id, START + n) for job_id in job_ids(50, seed=2) for n in range(7)], died=lambda n: START + n % 5)
    whole = list(all_dead(handler, "limit=200"))
    assert list(all_dead(handler, "limit=9")) == whole
    assert len({entry["id"] for entry in whole}) == len(whole) == 350
    times = [entry["died_time_ms"] for entry in whole]
    assert times == sorted(times, reverse=True)


def test_list_holds_while_others_die_and_are_redriven(handler, db):
    jobs = job_ids(30, seed=3)
    plant_dead(db, [(job_id, START + n) for job_id in jobs for n in range(5)], died=lambda n: START + n % 3)
    page = handler.get("/v1/dead?limit=40").json
    for entry in page["dead"]:
        assert handler.request("DELETE", f"/v1/dead/{entry['id']}").status == 204
    plant_dead(db, [(job_id, START + 99) for job_id in jobs], died=lambda n: START + 1000)
    rest = list(all_dead(handler, "limit=40", f"&cursor={page['next_cursor']}"))
    assert len({entry["id"] for entry in page["dead"] + rest}) == 150


def test_list_of_one_job(handler, db):
    jobs = job_ids(40, seed=4)
    plant_dead(db, [(job_id, START + n) for n in range(100) for job_id in jobs])
    assert [e["scheduled_time_ms"] for e in all_dead(handler, f"job_id={jobs[7]}&limit=30")] == [START + n for n in range(99, -1, -1)]
    assert dead(handler, "job_id=capi:" + "0" * 64) == []


def test_list_of_what_died_before_an_instant(handler, db):
    plant_dead(db, [(job_id, START) for job_id in job_ids(10, seed=5)], died=lambda n: START + n * 1000)
    assert len(dead(handler, "before=2023-11-14T22:13:24Z")) == 4


def test_what_others_wrote_among_the_dead_hides_nothing(handler, db):
    jobs = job_ids(60, seed=6)
    plant_dead(db, [(job_id, START + n) for job_id in jobs for n in range(3)], died=lambda n: START + n)
    for shard in range(0, SHARDS, 3):
        db.zadd(f"dronc:{{{shard}}}:dead", {f"garbage {n}": START + n * 0.5 for n in range(0, 300)})
        db.hset(f"dronc:{{{shard}}}:dead:records", "garbage 1", "x")
    assert len({e["id"] for e in all_dead(handler, "limit=200")}) == 180
    assert len(list(all_dead(handler, f"job_id={jobs[0]}"))) == 3


def test_what_is_dead_of_a_job_goes_with_it(handler, runner, db, hook):
    """As far as its history tells; what is dead of other jobs stays."""
    hook.answers(status(500))
    job_id, other = at_least_once(handler, hook.url), at_least_once(handler, hook.url, "other")
    for each in (job_id, other):
        last_attempt(db, each)
    wait_for(lambda: len(dead(handler)) == 2)
    assert handler.delete(job_id).status == 204
    assert [entry["job_id"] for entry in dead(handler)] == [other]
    assert db.hlen(key_of(job_id, "dead:records")) == (id_bytes(job_id)[0] % SHARDS == id_bytes(other)[0] % SHARDS)
    assert not [name for name in db.keys("*") if id_bytes(job_id) in name]


def test_wrong_type_among_the_dead_is_an_error_and_no_crash(handler, db):
    db.set("dronc:{3}:dead", "x")
    assert handler.get("/v1/dead").code == "STORAGE_ERROR"
    db.delete("dronc:{3}:dead")
    job_id, = job_ids(1, seed=1)
    plant_dead(db, [(job_id, START)])
    db.delete(key_of(job_id, "dead:records"))
    db.set(key_of(job_id, "dead:records"), "x")
    assert dead(handler)[0]["last_execution"] is None
    assert handler.request("DELETE", f"/v1/dead/{dead_id(job_id, START)}").status == 204


@pytest.mark.parametrize("query,field", [("limit=0", "limit"), ("job_id=x", "job_id"), ("before=now", "before"), ("cursor=x", "cursor"), ("cursor=d", "cursor"),
                                         ("cursor=d16.0", "cursor"), ("cursor=d0.0.1.x.1", "cursor"), ("rate=1", "rate")])
def test_bad_queries_are_refused_by_name(handler, query, field):
    answer = handler.get(f"/v1/dead?{query}")
    assert (answer.status, answer.code, answer.error["field"]) == (400, "INVALID_REQUEST", field)


# --- once more ----------------------------------------------------------------------------------------------------


def test_redriven_call_has_the_same_key_and_the_next_number(handler, runner, hook, db):
    job_id = at_least_once(handler, hook.answers(status(503), status(200)).url)
    ms = last_attempt(db, job_id)
    entry, = wait_for(lambda: dead(handler))
    answer = redrive(handler, entry["id"])
    assert answer.status == 202
    assert answer.json == {"id": entry["id"], "job_id": job_id, "attempt": 7, "execution_id": f"exec:{job_id[5:]}:{ms}:7"}
    first, second = hook.wait_for_calls(2)
    assert first.key == second.key and (first.headers["dronc-attempt"], second.headers["dronc-attempt"]) == ("6", "7")
    wait_for(lambda: handler.get(f"/v1/executions/{answer.json['execution_id']}").json.get("success"))
    assert dead(handler) == [] and redrive(handler, entry["id"]).code == "DEAD_NOT_FOUND"


def test_redriven_occurrence_has_a_whole_round_of_attempts(handler, runner, hook, db):
    """The seventh fails: the eighth comes after the shortest wait."""
    job_id = at_least_once(handler, hook.answers(status(503), status(503), status(200)).url)
    last_attempt(db, job_id)
    redrive(handler, wait_for(lambda: dead(handler))[0]["id"])
    assert [call.headers["dronc-attempt"] for call in hook.wait_for_calls(3)] == ["6", "7", "8"]
    assert dead(handler) == []


@pytest.mark.parametrize("entry", [UNKNOWN, "dead:1", "x", "dead:" + "0" * 64 + ":01", UNKNOWN + ":1"])
def test_what_is_not_dead_is_not_found(handler, entry):
    assert (redrive(handler, entry).status, redrive(handler, entry).code) == (404, "DEAD_NOT_FOUND")
    answer = handler.request("DELETE", f"/v1/dead/{entry}")
    assert (answer.status, answer.code) == (404, "DEAD_NOT_FOUND")


def test_redrive_needs_a_job_that_calls_again(handler, db):
    """What is refused stays among the dead."""
    gone, paused, once, anew = (at_least_once(handler, name=n) for n in ("gone", "paused", "once", "anew"))
    ms = int(time.time() * 1000) + 5000
    plant_dead(db, [(gone, ms), (paused, ms), (once, ms), (anew, START)])
    handler.delete(gone)
    handler.pause(paused)
    db.hset(job_key(once), "type", "ATMOST_ONCE")
    answers = [redrive(handler, dead_id(job_id, at)) for job_id, at in ((gone, ms), (paused, ms), (once, ms), (anew, START))]
    assert [(a.status, a.code) for a in answers] == [(404, "JOB_NOT_FOUND"), (409, "CONFLICT"), (409, "CONFLICT"), (404, "JOB_NOT_FOUND")]
    assert len(dead(handler)) == 4 and retries(db) == {}
    handler.resume(paused)
    assert redrive(handler, dead_id(paused, ms)).status == 202


@pytest.mark.parametrize("record, status", [("h:0 l:2 r:x c:forbidden e:no", 202), ("h:302 l:2 r:x c:forbidden e:no", 409), ("h:0 l:2 r:x c:connect e: c:forbidden", 409),
                                            ("h:0 l:2 r:x", 409)])
def test_at_most_once_is_called_again_only_if_nothing_was_sent(handler, db, record, status):
    job_id = at_least_once(handler, name="once")
    ms = int(time.time() * 1000) + 5000
    plant_dead(db, [(job_id, ms)])
    db.hset(key_of(job_id, "dead:records"), id_bytes(job_id) + str(ms).encode(), f"o:f s:{ms} a:1 x:{ms} t:5 {record}")
    db.hset(job_key(job_id), "type", "ATMOST_ONCE")
    assert redrive(handler, dead_id(job_id, ms)).status == status


# --- many at once -------------------------------------------------------------------------------------------------


@pytest.fixture
def many(handler, db):
    """1,500 dead occurrences of 15 jobs that no runner calls."""
    jobs = [at_least_once(handler, name=str(n)) for n in range(15)]
    ms = int(time.time() * 1000) + 5000
    plant_dead(db, [(job_id, ms + n) for n in range(100) for job_id in jobs], died=lambda n: ms + n)
    return jobs, ms


def test_redriving_many_is_spread_over_time(handler, db, many):
    """50 a second, also from one request to the next; none is lost or there twice at any time."""
    before, begin = occurrences_dead(db), time.time()
    answers = []
    for answer in redrive_many(handler, "rate=50"):
        answers.append(answer)
        assert occurrences_dead(db) | set(retries(db)) == before and not occurrences_dead(db) & set(retries(db))
    assert sum(a["redriven"] for a in answers) == 1500 and max(a["redriven"] for a in answers) <= 1000
    due = sorted(retries(db).values())
    assert [round(b - a) for a, b in zip(due, due[1:])] == [20] * 1499
    assert begin - 1 < due[0] / 1000 < time.time() + 1
    assert not any(db.exists(f"dronc:{{{shard}}}:dead:records") for shard in range(SHARDS))


def test_redriving_many_of_one_job(handler, db, many):
    jobs, ms = many
    answers = list(redrive_many(handler, f"job_id={jobs[3]}&rate=1000"))
    assert sum(a["redriven"] for a in answers) == 100
    due = sorted(retries(db).items(), key=lambda item: item[1])
    assert [scheduled for (_, scheduled), _ in due] == [ms + n for n in range(100)], "the longest dead first"
    assert {job for job, _ in retries(db)} == {id_bytes(jobs[3])}


def test_redriving_many_goes_past_what_cannot_be_called(handler, db, many):
    jobs, _ = many
    handler.pause(jobs[0])
    handler.delete(jobs[1])
    answers = list(redrive_many(handler, "rate=10000"))
    assert (sum(a["redriven"] for a in answers), sum(a["skipped"] for a in answers)) == (1300, 200)
    assert len(occurrences_dead(db)) == 200


def test_forgetting_many(handler, db, many):
    jobs, ms = many
    assert handler.request("DELETE", f"/v1/dead?job_id={jobs[5]}").json == {"deleted": 100, "next_cursor": None}
    cursor, deleted = "", 0
    while cursor is not None:
        answer = handler.request("DELETE", f"/v1/dead?before=2199-01-01T00:00:00Z{cursor}").json
        deleted += answer["deleted"]
        cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"
    assert deleted == 1400
    assert not any(db.exists(f"dronc:{{{shard}}}:{name}") for shard in range(SHARDS) for name in ("dead", "dead:records", "retry"))


def test_forgetting_all_must_be_said(handler, many):
    answer = handler.request("DELETE", "/v1/dead")
    assert (answer.status, answer.code) == (400, "INVALID_REQUEST")
    assert len(dead(handler)) == 50


@pytest.mark.parametrize("rate", ["0", "-1", "x", "10001", "", "1.5"])
def test_bad_rate_is_refused(handler, rate):
    answer = handler.request("POST", f"/v1/dead:redrive?rate={rate}", "")
    assert (answer.status, answer.code, answer.error["field"]) == (400, "INVALID_REQUEST", "rate")


def test_the_dead_through_nginx(stack):
    """nginx lets the colon and the methods pass."""
    assert stack.get("/v1/dead").status == 200
    assert redrive(stack, UNKNOWN).code == "DEAD_NOT_FOUND"
    assert stack.request("DELETE", f"/v1/dead/{UNKNOWN}").code == "DEAD_NOT_FOUND"
    assert stack.request("POST", "/v1/dead:redrive?before=2000-01-01T00:00:00Z").json["redriven"] == 0
