"""What is known of a call afterwards: what a record holds, how records are found again, and how long they are kept."""
import os
import time

import pytest

import target as t
from harness import NEVER_SOON, at_second, soon, wait_for
from planted import job_ids, plant
from target import status

START = 1_700_000_000  # 2023-11-14T22:13:20Z


@pytest.fixture
def db(redis):
    with redis.client() as db:
        yield db

# --- what a record holds ------------------------------------------------------------------------------------------


def called(stack, url, kind="ATMOST_ONCE"):
    """The record of a call that was made just now."""
    return stack.wait_for_executions(stack.schedule(at_second(soon()), url, kind))[0]


def test_record_tells_what_the_call_spent_its_time_on(stack, own_target):
    """The first call to a host has to look its name up and to connect; TLS is only there with https."""
    execution = called(stack, own_target.hook().url.replace("127.0.0.1", "localhost"))
    timings = execution["timings_us"]
    assert set(timings) == {"dns", "connect", "first_byte", "total"}
    assert timings["dns"] + timings["connect"] <= timings["first_byte"] <= timings["total"]
    assert timings["total"] // 1000 <= execution["time_taken_ms"] + 1


def test_kept_connection_has_neither_lookup_nor_connect(stack, own_target):
    """Of two manual runs, one right after the other: a connection that has idled is not used again."""
    job_id = stack.schedule(NEVER_SOON, own_target.hook().url)

    def of_a_kept_connection():
        stack.run(job_id)
        return [set(e["timings_us"]) for e in stack.executions(job_id=job_id) if "connect" not in e["timings_us"]]

    assert wait_for(of_a_kept_connection, what="a call on a kept connection")[0] == {"first_byte", "total"}


def test_record_names_the_runner_that_called(stack, hook):
    assert called(stack, hook.url)["runner"]


def test_record_tells_how_large_the_answer_was(stack, hook):
    hook.answers(status(200, body=b"x" * 1234))
    execution = called(stack, hook.url)
    assert execution["response_bytes"] == 1234
    assert "truncated" not in execution


def test_long_answer_is_cut_and_no_failure(stack, hook):
    hook.answers(status(200, body=b"x" * 3_000_000))
    execution = called(stack, hook.url)
    assert (execution["success"], execution["truncated"], execution["response_bytes"]) == (True, True, 1 << 20)


def test_call_that_nobody_took_has_a_total_only(stack):
    execution = called(stack, "http://127.0.0.1:1/nobody-is-here")
    assert execution["error_class"] == "connect"
    assert set(execution["timings_us"]) <= {"dns", "total"}
    assert execution["response_bytes"] == 0


def test_redirects_fail_in_two_ways(stack, target, hook):
    """Too many of them, and one to where no call may go."""
    hook.answers(t.redirect(hook.url))
    assert called(stack, hook.url)["error_class"] == "too_many_redirects"
    assert called(stack, target.hook().answers(t.redirect("ftp://127.0.0.1/x")).url)["error_class"] == "redirect"


# --- what is kept of an answer ------------------------------------------------------------------------------------


def kept(stack, hook, *behaviours):
    """What the record of a call holds of the answer; the job asks for it."""
    hook.answers(*behaviours)
    execution = stack.wait_for_executions(stack.schedule(at_second(soon()), hook.url, "ATMOST_ONCE", keep_response=True))[0]
    return {name: execution[name] for name in ("response", "response_base64") if name in execution}


def test_record_keeps_nothing_of_an_answer_unless_asked(stack, hook):
    hook.answers(status(500, body=b"why it failed"))
    assert not {"response", "response_base64"} & set(called(stack, hook.url))


def test_record_keeps_an_answer_that_is_text(stack, hook):
    assert kept(stack, hook, status(200, body="grün \"1\"\n\0".encode())) == {"response": "grün \"1\"\n\0"}


def test_record_keeps_a_failed_answer(stack, hook):
    assert kept(stack, hook, status(500, body=b"out of paper")) == {"response": "out of paper"}


def test_record_keeps_bytes_in_base64(stack, hook):
    assert kept(stack, hook, status(200, body=b"\x00\x01\xff")) == {"response_base64": "AAH/"}


def test_record_keeps_the_first_kilobyte_of_a_long_answer(stack, hook):
    assert kept(stack, hook, status(200, body=b"0123456789abcdef" * 320)) == {"response": "0123456789abcdef" * 64}


def test_record_cuts_an_answer_between_characters(stack, hook):
    """1,024 bytes end inside the 342nd of these; an answer that itself ends so is no text."""
    assert kept(stack, hook, status(200, body="€".encode() * 1000)) == {"response": "€" * 341}
    assert kept(stack, hook, status(200, body="€".encode()[:2])) == {"response_base64": "4oI="}


def test_record_keeps_nothing_of_an_empty_answer(stack, hook):
    assert kept(stack, hook, status(200, body=b"")) == {}


def test_record_keeps_the_last_answer_not_the_redirects(stack, target, hook):
    there = target.hook().answers(status(200, body=b"there"))
    assert kept(stack, hook, lambda talk: talk.answer(302, b"moved", Location=there.url)) == {"response": "there"}


def test_answers_are_kept_for_all_who_show_records_and_in_no_log(stack, hook):
    hook.answers(status(500, body=b"t0psecret"))
    job_id = stack.schedule(at_second(soon()), hook.url, "ATMOST_ONCE", keep_response=True)
    execution = stack.wait_for_executions(job_id)[0]
    shown = [stack.get(f"/v1/executions/{execution['id']}").json, stack.job(job_id).json["last_execution"],
             *stack.get(f"/v1/jobs/{job_id}/executions").json["executions"],
             *[e for e in stack.get("/v1/track/executions?limit=200").json["executions"] if e["job_id"] == job_id]]
    assert [e["response"] for e in shown] == ["t0psecret"] * 4
    assert job_id in stack.all_logs() and "t0psecret" not in stack.all_logs()


# --- finding records again ----------------------------------------------------------------------------------------


def pages(client, path="/v1/track/executions?", between=lambda: None):
    """All pages of a list: each is asked for with the cursor that the one before gave."""
    cursor = ""
    while True:
        page = client.get(f"{path}{cursor}").json
        assert page["count"] == len(page["executions"])
        yield page["executions"]
        if "next_cursor" not in page:
            return
        cursor = f"&cursor={page['next_cursor']}"
        between()


def everything(client, query):
    return [execution for page in pages(client, f"/v1/track/executions?{query}") for execution in page]


@pytest.fixture
def busy(handler, db):
    """40 jobs with 50 attempts each, one every 10 ms; every seventh of them failed."""
    plant(db, {job_id: [START + k * 0.4 + n * 0.01 for k in range(50)] for n, job_id in enumerate(job_ids(40, seed=1))},
          outcome=lambda ms: "f" if ms // 10 % 7 == 0 else "s")
    return handler


def test_cursor_leads_through_everything(busy):
    assert [len(page) for page in pages(busy, "/v1/track/executions?limit=150")] == [150] * 13 + [50]
    shown = everything(busy, "limit=150")
    assert [e["scheduled_time_ms"] for e in shown] == [START * 1000 + 10 * n for n in range(1999, -1, -1)]


def test_cursor_holds_while_new_records_come_in(busy, db):
    """Somebody reads on, page by page, while jobs are called: what was there is shown once, what is new not at all."""
    before = {e["id"] for e in everything(busy, "limit=200")}
    fresh = iter(range(10_000))
    new, = job_ids(1, seed=9)
    shown = [e["id"] for page in pages(busy, "/v1/track/executions?limit=90",
                                       lambda: plant(db, {new: [START + 100 + next(fresh) for _ in range(20)]})) for e in page]
    assert len(shown) == 2000 and set(shown) == before


def test_page_that_holds_everything_has_no_cursor(handler, db):
    plant(db, {job_id: [START] for job_id in job_ids(20, seed=2)})
    assert "next_cursor" not in handler.get("/v1/track/executions?limit=50").json


def test_filter_by_success(busy):
    failed, good = everything(busy, "success=false&limit=200"), everything(busy, "success=true&limit=200")
    assert (len(failed), len(good)) == (286, 1714)
    assert {e["outcome"] for e in failed} == {"failed"} and all(e["success"] for e in good)


def test_filter_by_outcome(busy, db):
    gone, = job_ids(1, seed=3)
    plant(db, {gone: [START + 50]}, outcome=lambda ms: "l")
    assert [e["job_id"] for e in everything(busy, "outcome=lost")] == [gone]
    assert len(everything(busy, "outcome=failed&limit=200")) == 286
    assert everything(busy, "outcome=succeeded&success=false") == []


def test_filter_by_time_is_of_the_calls(busy):
    """From `since` on, up to but not including `until`; the calls were made 7 ms after their instants."""
    shown = everything(busy, "since=2023-11-14T22:13:21Z&until=2023-11-14T22:13:22.007Z&limit=30")
    assert [e["execution_time_ms"] for e in shown] == [START * 1000 + 10 * n + 7 for n in range(199, 99, -1)]


def test_filters_hold_for_one_job_too(busy):
    job_id = job_ids(40, seed=1)[0]
    shown = everything(busy, f"job_id={job_id}&success=false&limit=3")
    assert [(e["job_id"], e["success"]) for e in shown] == [(job_id, False)] * len(shown)
    assert len(shown) == sum((START * 100 + 40 * k) % 7 == 0 for k in range(50))


def test_history_of_a_job_has_pages(busy, db):
    job_id = job_ids(40, seed=1)[0]
    shown = [e["scheduled_time_ms"] for page in pages(busy, f"/v1/track/executions?job_id={job_id}&limit=20",
                                                      lambda: plant(db, {job_id: [START + 1000]})) for e in page]
    assert shown == [START * 1000 + 400 * k for k in range(49, -1, -1)]


def test_rare_records_are_found_without_reading_everything_at_once(handler, db):
    """One failure under 12,000 successes: short pages lead to it, each after a bounded look."""
    jobs = job_ids(40, seed=4)
    plant(db, {job_id: [START + k * 0.4 + n * 0.01 for k in range(300)] for n, job_id in enumerate(jobs)},
          outcome=lambda ms: "f" if ms == START * 1000 else "s")
    found = list(pages(handler, "/v1/track/executions?success=false"))
    assert [len(page) for page in found][-1] == 1 and 2 < len(found) < 8
    db.config_resetstat()
    handler.get("/v1/track/executions?success=false")
    assert db.info("commandstats")["cmdstat_xrevrange"]["calls"] <= 64


@pytest.mark.parametrize("query,field", [("success=yes", "success"), ("success=", "success"), ("outcome=bad", "outcome"), ("since=yesterday", "since"),
                                         ("until=2026-01-01", "until"), ("cursor=x", "cursor"), ("cursor=", "cursor"), ("cursor=h1.1", "cursor"),
                                         ("job_id=capi:" + "0" * 64 + "&cursor=f1", "cursor")])
def test_bad_filters_are_refused_by_name(handler, query, field):
    answer = handler.get(f"/v1/track/executions?{query}")
    assert (answer.status, answer.code, answer.error["field"]) == (400, "INVALID_REQUEST", field)


# --- one execution, one job ---------------------------------------------------------------------------------------


def test_an_execution_can_be_looked_at_by_its_id(handler, db):
    job_id, = job_ids(1, seed=5)
    plant(db, {job_id: [START + n for n in range(150)]})
    for execution in handler.executions(job_id=job_id, limit=200)[::30]:
        answer = handler.get(f"/v1/executions/{execution['id']}")
        assert (answer.status, answer.json) == (200, execution)


@pytest.mark.parametrize("name", ["exec:{hex}:1700000000000:2", "exec:{hex}:1700000001000:1", "exec:" + "0" * 64 + ":1700000000000:1", "exec:1:1:1", "x",
                                  "capi:{hex}", "exec:{hex}:1700000000000:01", "%00"])
def test_what_is_no_execution_is_not_found(handler, db, name):
    job_id, = job_ids(1, seed=5)
    plant(db, {job_id: [START]})
    answer = handler.get("/v1/executions/" + name.replace("{hex}", job_id[5:]))
    assert (answer.status, answer.code) == (404, "EXECUTION_NOT_FOUND")


def test_an_execution_is_gone_with_its_place_in_the_history(handler, db):
    """200 of each job are kept; the feed of all may hold it for longer."""
    job_id, = job_ids(1, seed=5)
    plant(db, {job_id: [START + n for n in range(201)]})
    assert handler.get(f"/v1/executions/exec:{job_id[5:]}:{START * 1000}:1").status == 404
    assert handler.get(f"/v1/executions/exec:{job_id[5:]}:{START * 1000 + 1000}:1").status == 200


def test_a_jobs_executions_are_a_list_of_their_own(handler, db):
    job_id = handler.schedule(NEVER_SOON, "http://127.0.0.1:9/")
    assert handler.get(f"/v1/jobs/{job_id}/executions").json == {"count": 0, "executions": [], "next_cursor": None}
    plant(db, {job_id: [START + n for n in range(150)]}, outcome=lambda ms: "f" if ms % 2000 else "s")
    first = handler.get(f"/v1/jobs/{job_id}/executions?limit=100").json
    rest = handler.get(f"/v1/jobs/{job_id}/executions?limit=100&cursor={first['next_cursor']}").json
    assert (first["count"], rest["count"], rest["next_cursor"]) == (100, 50, None)
    assert first["executions"] + rest["executions"] == handler.executions(job_id=job_id, limit=200)
    failed = handler.get(f"/v1/jobs/{job_id}/executions?success=false&limit=200").json["executions"]
    assert [e["outcome"] for e in failed] == ["failed"] * 75


@pytest.mark.parametrize("job_id,code", [("capi:" + "0" * 64, "JOB_NOT_FOUND"), ("capi:1", "NOT_FOUND"), ("x", "NOT_FOUND")])
def test_executions_of_no_job_are_not_found(handler, job_id, code):
    answer = handler.get(f"/v1/jobs/{job_id}/executions")
    assert (answer.status, answer.code) == (404, code)


# --- what it costs ------------------------------------------------------------------------------------------------

# "History of one job among 1,000,000 others' events": DRONC_EVENTS=1000000 runs it at that size.
EVENTS = int(os.environ.get("DRONC_EVENTS") or 20_000)


def work_of(handler, db, uri):
    """What Redis does for a request: commands and how often each, and how many keys are looked up."""
    handler.get(uri)  # the first request of all loads scripts
    db.config_resetstat()
    answer = handler.get(uri)
    stats, commands = db.info("stats"), db.info("commandstats")
    calls = {name.removeprefix("cmdstat_"): c["calls"] for name, c in commands.items() if "config" not in name and "info" not in name}
    return calls, stats["keyspace_hits"] + stats["keyspace_misses"], len(answer.body)


def test_history_of_one_job_costs_the_same_however_much_happened_elsewhere(handler, db):
    """No clock is asked: the same commands on the same keys, and an answer of the same size."""
    job_id = handler.schedule(NEVER_SOON, "http://127.0.0.1:9/")
    plant(db, {job_id: [START + n for n in range(200)]})
    uris = [f"/v1/track/executions?job_id={job_id}&limit=200", f"/v1/jobs/{job_id}/executions", f"/v1/jobs/{job_id}/executions?success=false",
            f"/v1/executions/exec:{job_id[5:]}:{START * 1000 + 5000}:1"]
    alone = [work_of(handler, db, uri) for uri in uris]
    others = job_ids(100, seed=6)
    for k in range(EVENTS // 10_000):
        plant(db, {other: [START + 1000 + k * 100 + n for n in range(100)] for other in others})
    assert sum(db.xlen(f"dronc:{{{shard}}}:executions") for shard in range(16)) == EVENTS // 10_000 * 10_000 + 200
    assert [work_of(handler, db, uri) for uri in uris] == alone
    assert all(calls.get("lrange") == 1 and "xrevrange" not in calls for calls, _, _ in alone), alone


# --- how long it is kept ------------------------------------------------------------------------------------------


def events(db):
    return sum(db.xlen(f"dronc:{{{shard}}}:executions") for shard in range(16))


def test_history_keeps_as_many_as_the_runner_is_told(handler, make_runner, hook, db):
    job_id = handler.schedule("* * * * * *", hook.url)
    plant(db, {job_id: [START + n for n in range(200)]}, feed=False)
    make_runner(HISTORY_PER_JOB=3)
    hook.wait_for_calls(1)
    wait_for(lambda: handler.get(f"/v1/jobs/{job_id}/executions").json["count"] == 3)


def test_history_may_be_longer_than_a_page(handler, db):
    job_id = handler.schedule(NEVER_SOON, "http://127.0.0.1:9/")
    plant(db, {job_id: [START + n for n in range(1000)]}, history=1000)
    found = list(pages(handler, f"/v1/track/executions?job_id={job_id}&limit=200"))
    assert [len(page) for page in found] == [200] * 5
    assert handler.get(f"/v1/executions/exec:{job_id[5:]}:{START * 1000}:1").status == 200


def test_records_go_when_they_are_too_old(make_runner, db):
    """In all shards, also where nothing is called any more. Whole nodes of a stream go, so about."""
    db.config_set("stream-node-max-entries", 5)
    now = time.time()
    plant(db, {job_id: [now - 3 * 86400 + n for n in range(20)] for job_id in job_ids(100, seed=7)})
    plant(db, {job_id: [now - 3600 + n for n in range(20)] for job_id in job_ids(100, seed=8)})
    make_runner(EXECUTIONS_DAYS=2)
    wait_for(lambda: events(db) <= 2000 + 16 * 5, 30)
    assert events(db) >= 2000


def test_records_of_any_age_stay_where_that_was_asked_for(make_runner, db):
    plant(db, {job_id: [START + n for n in range(20)] for job_id in job_ids(100, seed=7)})
    runner = make_runner(EXECUTIONS_DAYS=0)
    wait_for(lambda: db.info("commandstats").get("cmdstat_xtrim", {"calls": 0})["calls"] >= 16, 40)
    assert runner.running and events(db) == 2000


def test_feed_holds_no_more_than_it_shall(make_runner, db):
    """Of 8,000 records 1,600 are left, 100 in each shard, though nothing is called."""
    plant(db, {job_id: [time.time() - 1000 + n for n in range(80)] for job_id in job_ids(100, seed=7)})
    db.config_set("stream-node-max-entries", 5)
    make_runner(EXECUTIONS_MAX=1600)
    wait_for(lambda: events(db) <= 1600 + 16 * 100, 40)
