"""Where a call may go: a corpus of targets that must not be reached, each cell of docs/targets.md's table, and what goes on."""
import hashlib
import json
import time

import pytest

import hostile
from harness import NEVER_SOON, SHARDS, id_bytes, job_key, key_of, wait_for

SETTLED_S = 30


@pytest.fixture
def guarded(make_handler, make_runner, everywhere, names, redis):
    """Start a handler and a runner with these settings, and forget what came before."""
    everywhere.forget()

    def start(**settings):
        return Guarded(make_handler(**settings), make_runner(RUNNER_DRAIN_TIMEOUT_MS=0, **settings), redis, everywhere)
    return start


class Guarded:
    def __init__(self, handler, runner, redis, everywhere):
        self.handler, self.runner, self.redis, self.everywhere = handler, runner, redis, everywhere

    def plant(self, urls, kind="ATLEAST_ONCE", **fields):
        """Jobs that call these URLs now, as if they had been stored when that was allowed. label → job id."""
        due = int(time.time() * 1000) + 500
        ids = {label: "capi:" + hashlib.sha256(f"{label} {due}".encode()).hexdigest() for label in urls}
        definition = {"schedule": "0 0 29 2 *", "type": kind, "created": 1_700_000_000_000, "timeout_ms": 20000, **fields}
        with self.redis.client() as db, db.pipeline(transaction=False) as pipe:
            for label, url in urls.items():
                pipe.hset(job_key(ids[label]), mapping={**definition, "api": url})
                pipe.zadd(key_of(ids[label], "due"), {id_bytes(ids[label]): due})
                pipe.publish("dronc:wake", f"{id_bytes(ids[label])[0] % SHARDS} {due}")
            pipe.execute()
        return ids

    def call(self, urls, **fields):
        """label → the execution of a call of that URL."""
        ids = self.plant(urls, **fields)
        return {label: self.handler.wait_for_executions(job_id, timeout=SETTLED_S)[0] for label, job_id in ids.items()}

    def outcome(self, url, **fields):
        """What comes of one call: "" if it succeeds, else what failed."""
        execution = self.call({url: url}, **fields)[url]
        return "" if execution["success"] else execution["error_class"]


# --- the corpus -------------------------------------------------------------------------------------------------------


def test_no_target_of_the_corpus_is_reached_under_public(guarded, names, everywhere):
    urls = hostile.corpus(names)
    assert len(urls) >= 500
    stack = guarded(TARGETS="public", RUNNER_MAX_PER_HOST=1000)
    found = stack.call(urls)
    reached = set(everywhere.connections)
    assert reached <= {hostile.PUBLIC, "9.9.9.9"}, reached
    # What a Location means to libcurl may also be a path at the same origin, or no URL at all.
    through = {label for label, one in found.items() if one["error_class" if not one["success"] else "outcome"] not in ("forbidden",)}
    assert all(label.startswith("redirect to ") and any(label == f"redirect to {form}" for v4 in hostile.V4 for form in hostile.odd_forms(v4))
               for label in through), through
    print(f"\n{len(urls)} targets, {len(urls) - len(through)} forbidden, 0 reached", end="")


@pytest.mark.parametrize("settings", [{"TARGETS": "local"}, {"TARGETS": "private"}, {"TARGETS_REDIRECTS": "any"}, {"TARGETS_ALLOW": "0.0.0.0/0,::/0"}])
def test_what_is_never_called_is_reached_by_no_setting(guarded, names, everywhere, settings):
    stack = guarded(**settings)
    urls = {}
    for number, address in enumerate(hostile.NEVER + hostile.NEVER_V6 + [form for v4 in hostile.NEVER for form in hostile.embedded(v4)]):
        names.at[f"never{number}.test"] = [address]
        urls |= {f"literal {address}": f"http://{hostile.in_url(address)}/", f"name of {address}": f"http://never{number}.test/",
                 f"redirect to {address}": hostile.go(f"http://{hostile.in_url(address)}/", start="10.9.9.9")}
    found = stack.call(urls)
    assert {one["error_class"] for one in found.values()} == {"forbidden"}
    assert set(everywhere.connections) == {"10.9.9.9"}


# --- the table --------------------------------------------------------------------------------------------------------

CLASSES = {"public": [hostile.PUBLIC, hostile.PUBLIC_V6], "private": hostile.PRIVATE + hostile.PRIVATE_V6, "loopback": hostile.LOOPBACK + hostile.LOOPBACK_V6,
           "special": hostile.SPECIAL + hostile.SPECIAL_V6, "never": hostile.NEVER + hostile.NEVER_V6}
STARTS = {"public": "9.9.9.9", "private": "10.9.9.9", "loopback": "127.9.9.9"}
ALL, OPEN = {"local", "private", "public"}, {"local", "private"}
# class: by which modes it is open as written, by a name, and by a redirect from public, private and loopback
TABLE = {"public": (ALL, ALL, ALL, ALL, ALL), "private": (OPEN, OPEN, set(), OPEN, OPEN), "loopback": ({"local"}, set(), set(), set(), {"local"}),
         "special": (set(),) * 5, "never": (set(),) * 5}


@pytest.mark.parametrize("mode", ["local", "private", "public"])
def test_each_cell_of_the_table(guarded, names, everywhere, mode):
    # The redirects' starts are allowed, so that they can lead on under every mode.
    stack = guarded(TARGETS=mode, TARGETS_ALLOW="10.9.9.9,127.9.9.9", RUNNER_MAX_PER_HOST=1000)
    urls, wanted = {}, {}

    def add(label, url, is_open):
        urls[label], wanted[label] = url, is_open
    for kind, addresses in CLASSES.items():
        literal, by_name, *redirects = TABLE[kind]
        for address in addresses:
            name, place = f"{kind}-{address.replace(':', '-').replace('.', '-')}.test", f"http://{hostile.in_url(address)}/"
            names.at[name] = [address]
            add(f"{address} as written", place, mode in literal)
            add(f"{address} by a name", f"http://{name}/", mode in by_name)
            for start, modes in zip(STARTS, redirects, strict=True):
                add(f"{address} from {start}", hostile.go(place, start=STARTS[start]), mode in modes)
                add(f"{address} by a name, from {start}", hostile.go(f"http://{name}/", start=STARTS[start]), mode in modes)
    found = stack.call(urls)
    wrong = {label: one.get("error") for label, one in found.items() if one["success"] != wanted[label]}
    assert not wrong
    assert {one["error_class"] for label, one in found.items() if not wanted[label]} == {"forbidden"}
    print(f"\n{mode}: {len(urls)} cases, {sum(wanted.values())} open", end="")


def test_auto_is_local_without_keys(guarded, everywhere):
    stack = guarded()
    assert stack.outcome("http://127.0.0.1/") == ""
    assert stack.outcome("http://10.1.2.3/") == ""
    assert stack.outcome("http://0.0.0.0/") == "forbidden"


# --- names ------------------------------------------------------------------------------------------------------------


def test_a_name_with_a_public_and_another_address_leads_to_the_public_one(guarded, names, everywhere):
    stack = guarded(TARGETS="public")
    for number, inside in enumerate(["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd12::1", "::ffff:10.1.2.3"]):
        names.at[f"mixed{number}.test"], names.at[f"other{number}.test"] = [inside, hostile.PUBLIC], [hostile.PUBLIC, inside]
        for url in (f"http://mixed{number}.test/", f"http://other{number}.test/", hostile.go(f"http://mixed{number}.test/")):
            assert stack.outcome(url) == "", (url, inside)
    assert set(everywhere.connections) == {hostile.PUBLIC}


def test_a_name_that_comes_to_mean_something_else_is_judged_by_what_it_means(guarded, names, everywhere):
    """The first call is fine; once the addresses are looked up again, the call is refused."""
    stack = guarded(TARGETS="private")
    for inside in ("127.0.0.1", "169.254.169.254"):
        names.at["rebound.test"] = [hostile.PUBLIC]
        wait_for(lambda: stack.outcome("http://rebound.test/") == "", 20)
        names.at["rebound.test"] = [inside]
        wait_for(lambda: stack.outcome("http://rebound.test/") == "forbidden", 20)
    assert set(everywhere.connections) == {hostile.PUBLIC}


def test_so_is_the_name_of_a_redirect(guarded, names, everywhere):
    """libcurl keeps its addresses for half a minute."""
    stack = guarded(TARGETS="local")
    names.at["later.test"] = [hostile.PUBLIC]
    assert stack.outcome(hostile.go("http://later.test/")) == ""
    names.at["later.test"] = ["10.1.2.3"]
    wait_for(lambda: stack.outcome(hostile.go("http://later.test/")) == "forbidden", 60)
    assert set(everywhere.connections) == {hostile.PUBLIC}


def test_lists_open_and_close_by_name(guarded, names, everywhere):
    names.at |= {"mine.test": ["127.0.0.1"], "other.test": ["127.0.0.1"], "shut.test": [hostile.PUBLIC]}
    stack = guarded(TARGETS="public", TARGETS_ALLOW="mine.test:80, 192.0.2.0/24", TARGETS_DENY="shut.test, 192.0.2.7")
    wanted = {"http://mine.test/": "", "http://other.test/": "forbidden", "http://shut.test/": "forbidden", "http://192.0.2.1/": "",
              "http://192.0.2.7/": "forbidden", hostile.go("http://shut.test/"): "forbidden", hostile.go("http://mine.test/"): "forbidden"}
    assert {url: stack.outcome(url) for url in wanted} == wanted


# --- what comes of a call that is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ATLEAST_ONCE", "ATMOST_ONCE"])
def test_a_refused_call_is_dead_at_once_and_can_be_redriven(guarded, make_handler, make_runner, names, everywhere, kind):
    stack = guarded(TARGETS="public")
    job_id = stack.plant({"one": "http://10.1.2.3/one"}, kind)["one"]
    execution, = stack.handler.wait_for_executions(job_id)
    assert execution["error"] == "10.1.2.3 is a private address, which TARGETS=public does not open"
    assert (execution["outcome"], execution["status_code"], execution["attempt"]) == ("failed", 0, 1)
    dead, = wait_for(lambda: stack.handler.get("/v1/dead").json["dead"])
    assert dead["job_id"] == job_id
    stack.runner.terminate()
    make_runner(TARGETS="private")
    assert stack.handler.request("POST", f"/v1/dead/{dead['id']}/redrive", "").status == 202
    wait_for(lambda: everywhere.to("/one"))
    assert stack.handler.wait_for_executions(job_id, 2)[1]["success"]


def test_the_reason_names_where_the_call_began(guarded, everywhere):
    stack = guarded()
    execution, = stack.call({"one": hostile.go("http://10.1.2.3/")}).values()
    assert execution["error"] == "10.1.2.3 is a private address, and the call began at a public one"
    assert (execution["outcome"], execution["status_code"]) == ("failed", 302)
    back, = stack.call({"back": hostile.go(hostile.go("http://10.1.2.3/"), start="10.9.9.9")}).values()
    assert back["error"] == "10.1.2.3 is a private address, and the call has been at a public one"


def test_redirects_lead_anywhere_that_is_open_if_they_may(guarded, everywhere):
    stack = guarded(TARGETS_REDIRECTS="any")
    assert stack.outcome(hostile.go("http://10.1.2.3/")) == ""
    assert stack.outcome(hostile.go("http://127.0.0.1/")) == ""
    assert stack.outcome(hostile.go("http://0.0.0.0/")) == "forbidden"


@pytest.mark.parametrize("event, answer", [("on_failure_url", "/fail"), ("on_recovery_url", "/fine")])
def test_notices_go_only_where_calls_may_go(guarded, names, everywhere, event, answer):
    stack = guarded(TARGETS="public")
    names.at["notice.test"] = ["10.1.2.3"]
    places = [f"http://{hostile.in_url(one)}/" for one in hostile.V4[:12] + hostile.V6[:6] + hostile.NEVER] + ["http://notice.test/",
                                                                                                               hostile.go("http://10.1.2.3/")]
    urls = {place: f"http://{hostile.PUBLIC}{answer}" for place in places}
    ids = {}
    for place, url in urls.items():
        ids |= stack.plant({place: url}, **{event: place, "retry": json.dumps({"max_attempts": 1})})
    if event == "on_recovery_url":  # as if they had failed before
        with stack.redis.client() as db:
            for job_id in ids.values():
                db.hset(job_key(job_id), "failures", 3)
    for place, job_id in ids.items():
        fate = wait_for(lambda: (lambda job: job.get("last_notice"))(stack.handler.job(job_id).json), 20, f"a notice to {place}")
        assert fate["state"] != "delivered", (place, fate)
    assert set(everywhere.connections) == {hostile.PUBLIC}


# --- what is refused when it is posted --------------------------------------------------------------------------------


def refused_fields(answer):
    return answer.status, answer.code, answer.error["field"]


def test_an_address_is_refused_when_it_is_posted(guarded):
    handler = guarded(TARGETS="public").handler
    cases = hostile.V4 + hostile.V6 + [form for v4 in hostile.V4 for form in hostile.embedded(v4)]
    words = ("private address", "loopback address", "special-purpose address", "link-local or metadata address")
    for address in cases:
        answer = handler.post({"schedule": NEVER_SOON, "api": f"http://{hostile.in_url(address)}/x", "type": "ATMOST_ONCE"})
        assert refused_fields(answer) == (400, "VALIDATION_ERROR", "api"), address
        assert any(word in answer.error["message"] for word in words), answer
    for host in ("localhost", "LOCALHOST", "a.localhost", "localhost."):
        assert refused_fields(handler.post({"schedule": NEVER_SOON, "api": f"http://{host}/", "type": "ATMOST_ONCE"})) == (400, "VALIDATION_ERROR", "api")
    assert handler.all_jobs() == []


def test_so_it_is_in_every_field_and_by_every_way(guarded):
    handler = guarded(TARGETS="private").handler
    good = {"schedule": NEVER_SOON, "api": "http://10.1.2.3/", "type": "ATMOST_ONCE", "name": "one"}
    bad = "http://169.254.169.254/"
    for field in ("on_failure_url", "on_recovery_url"):
        assert refused_fields(handler.post({**good, field: bad})) == (400, "VALIDATION_ERROR", field)
    job_id = handler.schedule(**{("kind" if name == "type" else name): value for name, value in good.items()})
    for field in ("api", "on_failure_url", "on_recovery_url"):
        assert refused_fields(handler.patch(job_id, {field: bad})) == (400, "VALIDATION_ERROR", field)
    assert handler.post({**good, "api": bad}).status == 400  # it would replace the job
    answer = handler.batch([{**good, "name": "two"}, {**good, "name": "three", "api": bad}])
    first, second = answer.lines
    assert "job_id" in first and (second["error"]["code"], second["error"]["field"]) == ("VALIDATION_ERROR", "api"), answer
    assert len(handler.all_jobs()) == 2 and handler.job(job_id).json["api"] == good["api"]


# --- what a redirect takes along --------------------------------------------------------------------------------------

SECRETS = {"Authorization": "SECRET-1", "Cookie": "a=SECRET-2", "X-Api-Key": "SECRET-3", "X-Amz-Security-Token": "SECRET-4", "Private-Token": "SECRET-5",
           "X-Vault-Token": "SECRET-6", "Referer": "http://SECRET-7/", "Content-Type": "text/x-secret-8"}
OWN = ("dronc-job-id", "dronc-scheduled-time", "dronc-attempt", "idempotency-key")
OTHERS = {"host": "http://9.9.9.9/landed", "port": "http://8.8.8.8:81/landed", "name": "http://landed.test/landed"}


@pytest.fixture
def port_81(everywhere):
    from network import Everywhere
    other = Everywhere(81)
    yield other
    other.close()


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_takes_nothing_to_another_origin_and_everything_to_the_same(guarded, names, everywhere, port_81, code):
    names.at["landed.test"] = ["8.8.8.8"]
    stack = guarded()
    fields = {"headers": json.dumps(SECRETS), "body": "SECRET-9"}
    for method in ("POST", "PUT", "DELETE", "GET"):
        for place in OTHERS.values():
            everywhere.forget()
            port_81.forget()
            assert stack.outcome(hostile.go(place, code).replace("//", "//user:SECRET-10@", 1), method=method, **fields) == ""
            landed, = everywhere.to("/landed") + port_81.to("/landed")
            assert "secret" not in repr(landed).lower(), landed
            assert set(landed.headers) <= {"host", "accept", "user-agent", "content-length"}, landed
            assert landed.headers.get("content-length", "0") == "0" and landed.body == b""
        everywhere.forget()
        assert stack.outcome(hostile.go("/landed", code), method=method, **fields) == ""
        landed, = everywhere.to("/landed")
        assert all(name in landed.headers for name in OWN)
        kept = {name.lower() for name in SECRETS} - ({"content-type"} if landed.method != method or code == 303 else set())
        assert kept <= set(landed.headers), landed
        assert (landed.body == b"SECRET-9") == (code in (307, 308) or (code in (301, 302) and method != "POST")), landed
