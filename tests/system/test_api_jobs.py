"""A job, looked at: GET /v1/jobs/{id} and GET /v1/jobs."""
import json
import time

import pytest

from harness import NEVER_SOON, at_second, id_bytes, job_key, key_of, soon, wait_for
from planted import plant
from target import status

UNKNOWN = "capi:" + "0" * 64


# --- one job ------------------------------------------------------------------------------------------------------


def test_get_shows_the_definition_and_what_is_stored_besides(handler):
    job_id = handler.schedule("30 2 * * *", "http://h/", "ATLEAST_ONCE", timezone="Europe/Berlin", catch_up="latest")
    answer = handler.job(job_id)
    assert answer.status == 200 and answer.headers["etag"] == '"1"'
    job = answer.json
    assert {name: job[name] for name in ("job_id", "schedule", "api", "type", "timezone", "catch_up")} == {
        "job_id": job_id, "schedule": "30 2 * * *", "api": "http://h/", "type": "ATLEAST_ONCE", "timezone": "Europe/Berlin",
        "catch_up": "latest"}
    assert job["state"] == "ACTIVE" and job["version"] == 1
    assert abs(time.mktime(time.strptime(job["created_at"][:19], "%Y-%m-%dT%H:%M:%S")) - time.mktime(time.gmtime())) < 60
    assert job["last_execution"] is None and job["counts"] == {"of_latest": 0, "runs": 0, "failures_in_a_row": 0}


def test_get_says_when_the_job_is_called_next(handler):
    job_id = handler.schedule("0 0 1 1 ? 2100-2102", "http://h/", timezone="Asia/Tokyo")
    assert handler.job(job_id).json["next"] == [
        {"unix": 4102412400, "utc": "2099-12-31T15:00:00Z", "local": "2100-01-01T00:00:00+09:00"},
        {"unix": 4133948400, "utc": "2100-12-31T15:00:00Z", "local": "2101-01-01T00:00:00+09:00"},
        {"unix": 4165484400, "utc": "2101-12-31T15:00:00Z", "local": "2102-01-01T00:00:00+09:00"}]


def test_get_counts_every_from_the_creation_of_the_job(handler, redis):
    job_id = handler.schedule("@every 1h", "http://h/")
    with redis.client() as db:
        created = int(db.hget(job_key(job_id), "created")) - 5400_000
        db.hset(job_key(job_id), "created", created)
        db.zadd(key_of(job_id, "due"), {id_bytes(job_id): created // 1000 * 1000 + 7200_000})
    assert [n["unix"] for n in handler.job(job_id).json["next"]] == [created // 1000 + 3600 * k for k in range(2, 7)]


@pytest.fixture
def ahead(handler, redis):
    """A job as it is after Redis' clock was an hour ahead, and was set right: its latest call, and what is due, are an hour away."""
    job_id = handler.schedule("* * * * * *", "http://127.0.0.1:9/", "ATLEAST_ONCE")
    with redis.client() as db:
        due = int(time.time()) + 3600
        plant(db, {job_id: [due - 1]})
        db.zadd(key_of(job_id, "due"), {id_bytes(job_id): due * 1000})
        yield handler, job_id, lambda: int(db.zscore(key_of(job_id, "due"), id_bytes(job_id)) // 1000)


SHOWN = {
    "the job": lambda handler, job_id: handler.job(job_id).json["next"],
    "the list": lambda handler, job_id: handler.jobs()["jobs"][0]["next"],
    "a change": lambda handler, job_id: handler.patch(job_id, {"description": "other"}).json["next"],
    "a change of its time": lambda handler, job_id: handler.patch(job_id, {"schedule": "*/2 * * * * *"}).json["next"],
    "what a change would do, before": lambda handler, job_id: handler.patch(job_id, {"schedule": "0 * * * * *"}, "?dry_run=true").json["next_before"],
    "what a change would do, after": lambda handler, job_id: handler.patch(job_id, {"tags": ["a"]}, "?dry_run=true").json["next_after"],
    "a resume": lambda handler, job_id: handler.pause(job_id).json["next"] or handler.resume(job_id).json["next"],
    "why": lambda handler, job_id: handler.job(job_id, "/why?at=" + at_utc(time.time())).json["next"],
}


def at_utc(instant):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(instant))


@pytest.mark.parametrize("where", SHOWN)
def test_next_begins_with_what_is_due(ahead, where):
    """Nothing is called before, so every page shows the same."""
    handler, job_id, due = ahead
    shown = [instant["unix"] for instant in SHOWN[where](handler, job_id)]
    step = 2 if "time" in where else 1
    assert shown == [due() + step * n for n in range(5)]


def test_why_tells_of_instants_that_are_passed_over(ahead):
    handler, job_id, due = ahead
    answer = handler.job(job_id, "/why?at=" + at_utc(due() - 60)).json
    assert (answer["why"], answer["called_at"]) == ("passed_over", at_utc(due()))
    assert [instant["unix"] for instant in answer["next"]][:2] == [due(), due() + 1]
    assert handler.job(job_id, "/why?at=" + at_utc(due() + 60)).json["why"] == "not_yet"


def test_get_shows_the_last_execution_and_failures_in_a_row(handler, runner, hook):
    job_id = handler.schedule("* * * * * *", hook.answers(status(200), status(500)).url)
    hook.wait_for_calls(3)
    handler.pause(job_id)
    job = wait_for(lambda: (lambda j: j["counts"]["runs"] == len(hook.calls) and j)(handler.job(job_id).json))
    assert job["counts"]["failures_in_a_row"] == len(hook.calls) - 1
    assert job["last_execution"] == handler.executions(job_id=job_id)[0]


def test_get_with_the_version_that_is_known_says_not_modified(handler):
    job_id = handler.schedule(NEVER_SOON, "http://h/")
    answer = handler.job(job_id, if_none_match='"1"')
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", '"1"')
    assert handler.job(job_id, if_none_match='"2"').status == 200


def test_a_job_that_has_run_for_the_last_time_is_completed(handler, runner, hook):
    job_id = handler.schedule(at_second(soon()), hook.url)
    hook.wait_for_calls(1)
    job = wait_for(lambda: (lambda j: j["counts"]["runs"] and j)(handler.job(job_id).json))
    assert (job["state"], job["next"], job["counts"]["runs"]) == ("COMPLETED", [], 1)


def test_a_job_that_cannot_be_read_is_broken(handler, redis, runner, hook):
    job_id = handler.schedule("* * * * * *", hook.url)
    with redis.client() as db:
        db.hset(job_key(job_id), "schedule", "no schedule")
        wait_for(lambda: db.zscore(key_of(job_id, "broken"), id_bytes(job_id)))
    job = handler.job(job_id).json
    assert (job["job_id"], job["state"], job["next"]) == (job_id, "BROKEN", []) and job["error"]
    for answer in (handler.pause(job_id), handler.resume(job_id), handler.run(job_id), handler.patch(job_id, {})):
        assert (answer.status, answer.code) == (409, "CONFLICT"), answer
    assert handler.delete(job_id).status == 204
    with redis.client() as db:
        assert not [key for key in db.keys("*") if id_bytes(job_id) in key] and not db.zcard(key_of(job_id, "broken"))


@pytest.mark.parametrize("method, command", [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/resume"),
                                             ("POST", "/run")])
def test_unknown_and_malformed_ids_are_404(handler, method, command):
    body = {} if method == "PATCH" else None
    unknown, malformed = (handler.job(job_id, command, method, body) for job_id in (UNKNOWN, UNKNOWN.upper()))
    assert (unknown.status, unknown.code) == (404, "JOB_NOT_FOUND")
    assert (malformed.status, malformed.code) == (404, "NOT_FOUND")


def test_methods_of_a_job_through_nginx(stack):
    job_id = stack.schedule(NEVER_SOON, "http://h/methods")
    answer = stack.job(job_id, method="PUT", body={})
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, PATCH, DELETE")
    assert stack.patch(job_id, {"type": "ATLEAST_ONCE"}, if_match='"1"').headers["etag"] == '"2"'
    assert stack.pause(job_id).json["state"] == "PAUSED"
    assert stack.job(job_id, method="HEAD").headers["etag"] == '"2"'
    answer = stack.delete(job_id)
    assert (answer.status, answer.body) == (204, b"")


# --- the list -----------------------------------------------------------------------------------------------------


def test_list_goes_through_all_jobs_page_by_page(handler):
    ids = {handler.schedule(NEVER_SOON, f"http://h/{n}") for n in range(57)}
    for limit in (1, 7, 57, 200):
        listed = handler.all_jobs(limit=limit)
        assert len(listed) == len(ids) and set(listed) == ids


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/track/executions", "/v1/dead"])
def test_a_limit_above_the_most_means_the_most_in_every_list(handler, path):
    ids = {handler.schedule(NEVER_SOON, f"http://h/{n}") for n in range(3)}
    answers = [handler.get(f"{path}?limit={limit}") for limit in (200, 201, 10**30)]
    assert [answer.status for answer in answers] == [200] * 3
    assert answers[0].json == answers[1].json == answers[2].json
    assert path != "/v1/jobs" or answers[0].json["count"] == len(ids)


def test_list_shows_jobs_as_get_does(handler):
    job_id = handler.schedule(NEVER_SOON, "http://h/")
    page = handler.jobs()
    alone = handler.job(job_id).json
    assert page == {"count": 1, "next_cursor": None,
                    "jobs": [{k: v for k, v in alone.items() if k not in ("last_execution", "counts")}]}


def test_list_is_stable_while_jobs_come_and_go(handler):
    staying = {handler.schedule(NEVER_SOON, f"http://stays/{n}") for n in range(60)}
    going = [handler.schedule(NEVER_SOON, f"http://goes/{n}") for n in range(60)]
    page = handler.jobs(limit=9)
    listed = [job["job_id"] for job in page["jobs"]]
    for n, job_id in enumerate(going):
        if page["next_cursor"]:
            page = handler.jobs(limit=9, cursor=page["next_cursor"])
            listed += [job["job_id"] for job in page["jobs"]]
        handler.delete(job_id)
        handler.schedule(NEVER_SOON, f"http://comes/{n}")
    assert not page["next_cursor"]
    assert len(listed) == len(set(listed)) and staying <= set(listed)


def test_list_by_state_and_host(handler):
    ids = [handler.schedule(NEVER_SOON, f"http://{host}:8080/{n}") for n in range(20) for host in ("one", "two")]
    for job_id in ids[:10]:
        handler.pause(job_id)
    assert set(handler.all_jobs(state="PAUSED")) == set(ids[:10])
    assert set(handler.all_jobs(state="ACTIVE", limit=7)) == set(ids[10:])
    assert set(handler.all_jobs(host="ONE")) == set(ids[::2])
    assert set(handler.all_jobs(host="two", state="PAUSED")) == set(ids[1:10:2])
    assert handler.all_jobs(state="COMPLETED") == []


def test_list_by_tag(handler):
    """A tag is compared as a whole, byte for byte, whatever JSON makes of it."""
    tagged = {tag: handler.schedule(NEVER_SOON, f"http://h/{n}", tags=["all", tag])
              for n, tag in enumerate(("billing", "Billing", "bill", 'say "bill"', "a,b", "größe"))}
    handler.schedule(NEVER_SOON, "http://h/untagged")
    for tag, job_id in tagged.items():
        assert handler.all_jobs(tag=tag) == [job_id]
    assert set(handler.all_jobs(tag="all", limit=2)) == set(tagged.values())
    assert handler.all_jobs(tag="b") == []


def test_list_by_the_beginning_of_the_name(handler):
    ids = {name: handler.schedule(NEVER_SOON, "http://h/", name=name) for name in ("import/eu", "import/us", "Import", "export", "änder")}
    handler.schedule(NEVER_SOON, "http://h/unnamed")
    assert set(handler.all_jobs(name_prefix="import/")) == {ids["import/eu"], ids["import/us"]}
    assert handler.all_jobs(name_prefix="import/us") == [ids["import/us"]]
    assert handler.all_jobs(name_prefix="ä") == [ids["änder"]]
    assert handler.all_jobs(name_prefix="import/us2") == []


def test_filters_hold_together(handler):
    """As in: what of the billing team is paused?"""
    ids = [handler.schedule(NEVER_SOON, f"http://{host}/", name=f"{team}-{host}", tags=[team])
           for team in ("billing", "search") for host in ("one", "two")]
    handler.pause(ids[0])
    handler.pause(ids[2])
    assert handler.all_jobs(tag="billing", state="PAUSED") == [ids[0]]
    assert handler.all_jobs(tag="search", host="TWO", name_prefix="sea") == [ids[3]]
    assert handler.all_jobs(tag="search", name_prefix="bill") == []


def test_tags_that_change_are_found_as_they_are_now(handler):
    job_id = handler.schedule(NEVER_SOON, "http://h/", tags=["old"])
    assert handler.patch(job_id, {"tags": ["new"]}).status == 200
    assert (handler.all_jobs(tag="old"), handler.all_jobs(tag="new")) == ([], [job_id])


def test_a_filter_goes_on_behind_a_page_in_which_there_was_nothing(handler):
    ids = [handler.schedule(NEVER_SOON, f"http://h/{n}") for n in range(1300)]
    rare = handler.schedule(NEVER_SOON, "http://rare/", tags=["rare"], name="rare")
    for query in ({"tag": "rare"}, {"name_prefix": "r"}, {"host": "rare"}):
        assert handler.jobs(**query)["next_cursor"], "1,000 of 1,301 were looked at"
        assert handler.all_jobs(**query) == [rare]
    assert rare not in ids


def test_list_looks_at_so_many_jobs_and_no_more(handler):
    ids = [handler.schedule(NEVER_SOON, f"http://h/{n}") for n in range(1300)]
    handler.pause(ids[0])
    page = handler.jobs(state="PAUSED")
    assert page["next_cursor"], "a short page, and where to go on"
    assert handler.all_jobs(state="PAUSED") == ids[:1]


def test_list_finds_an_empty_database_empty(handler):
    assert handler.jobs() == {"count": 0, "jobs": [], "next_cursor": None}


@pytest.mark.parametrize("query, field", [("state=active", "state"), ("limit=0", "limit"), ("limit=1.5", "limit"),
                                          ("tag=", "tag"), (f"tag={'x' * 65}", "tag"),
                                          ("name_prefix=", "name_prefix"), (f"name_prefix={'x' * 129}", "name_prefix"), ("cursor=x", "cursor"), (f"cursor={'g' * 64}", "cursor"), ("page=2", "page")])
def test_list_refuses_what_it_does_not_know(handler, query, field):
    answer = handler.get(f"/v1/jobs?{query}")
    assert (answer.status, answer.code, answer.error["field"]) == (400, "INVALID_REQUEST", field)


def test_every_request_about_jobs_is_answered_while_redis_is_away(handler, redis):
    job_id = handler.schedule(NEVER_SOON, "http://h/")
    redis.pause()
    requests = [("GET", "/v1/jobs", None), ("GET", f"/v1/jobs/{job_id}", None), ("DELETE", f"/v1/jobs/{job_id}", None),
                ("PATCH", f"/v1/jobs/{job_id}", json.dumps({"type": "ATLEAST_ONCE"})),
                *(("POST", f"/v1/jobs/{job_id}/{command}", "") for command in ("pause", "resume", "run"))]
    for method, uri, body in requests:
        begin = time.monotonic()
        answer = handler.request(method, uri, body)
        assert (answer.status, answer.code) == (500, "STORAGE_ERROR"), (method, uri, answer)
        assert time.monotonic() - begin < 1.0
    redis.resume()
