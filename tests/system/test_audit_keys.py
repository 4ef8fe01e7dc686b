"""The trail with API keys: each change has the id of the key that made it, what the door refused is counted by who and from where, and
dronc-admin audit prints it all."""
import collections
import json
import time

import pytest

from harness import NEVER_SOON, admin, make_key, wait_for
from planted import plant_dead
from sealing import Keys, put_secret
from test_audit import audit_lines, said, trail
from test_keys import JOB, ask_key, bearer, id_of, made_up, told


def create_key(redis, *scopes):
    return make_key(redis.settings(), *(("--scopes", ",".join(scopes)) if scopes else ()))


@pytest.fixture
def as_operator(redis, handler):
    """The handler, for a client whose key may do everything."""
    handler.token = create_key(redis)
    return handler


def refused(redis, handler):
    """What was refused, of each kind how often: the handler notes the rest when it ends."""
    assert handler.terminate() == 0
    done = admin("audit", "--format", "json", "--limit", "10000", **redis.settings())
    assert done.returncode == 0, done
    counts = collections.Counter()
    for entry in map(json.loads, done.stdout.splitlines()):
        if entry["outcome"] == "refused":
            counts[entry["error"], entry.get("by"), entry["route"]] += entry["count"]
    return counts


# --- changes ------------------------------------------------------------------------------------------------------


def test_each_change_has_the_id_of_the_key_that_made_it(redis, as_operator):
    writer, runner, janitor = (create_key(redis, *scopes) for scopes in (("jobs:write", "jobs:read"), ("jobs:run",), ("dead:write",)))
    ask = as_operator.request
    made = as_operator.post({**JOB, "type": "ATLEAST_ONCE"}, **bearer(writer)).json["job_id"]
    assert ask("PATCH", f"/v1/jobs/{made}", '{"timeout_ms": 5000}', {"content_type": "application/json", **bearer(writer)}).status == 200
    assert ask("POST", f"/v1/jobs/{made}/run", "", bearer(runner)).status == 202
    assert ask("POST", f"/v1/jobs/{made}/pause", "").json["state_by"] == id_of(as_operator.token)
    assert ask("POST", f"/v1/jobs/{made}/resume", "", bearer(writer)).status == 200
    first = int(time.time()) * 1000 + 1000
    with redis.client() as db:
        plant_dead(db, [(made, first), (made, first + 1)])
    assert ask("POST", f"/v1/dead/dead:{made[5:]}:{first}/redrive", "", bearer(janitor)).status in (200, 202)
    assert ask("DELETE", f"/v1/dead/dead:{made[5:]}:{first + 1}", None, bearer(janitor)).status == 204
    assert ask("DELETE", f"/v1/jobs/{made}", None, bearer(writer)).status == 204
    by = {token: id_of(token) for token in (writer, runner, janitor, as_operator.token)}
    assert said(trail(as_operator, object=made), "action", "by") == [
        ("create", by[writer]), ("change", by[writer]), ("run", by[runner]), ("pause", by[as_operator.token]), ("resume", by[writer]),
        ("redrive", by[janitor]), ("drop", by[janitor]), ("delete", by[writer])]
    assert said(trail(as_operator, by=by[runner]), "action", "object") == [("run", made)]
    assert {line["by"] for line in audit_lines(as_operator, 8)} == set(by.values())


def test_lines_of_a_batch_have_the_key_of_the_request(redis, as_operator):
    writer = create_key(redis, "jobs:write")
    lines = [{**JOB, "description": f"{n}"} for n in range(3)]
    as_operator.token, operator = writer, as_operator.token
    as_operator.batch(lines)
    as_operator.token = operator
    assert said(trail(as_operator, by=id_of(writer)), "action", "route") == [("create", "/v1/jobs:batch")] * 3


def test_changes_of_keys_are_in_the_trail(redis, as_operator):
    own = id_of(as_operator.token)
    made = ask_key(as_operator, as_operator.token, {"name": "reader", "scopes": ["jobs:read"]}).json
    assert ask_key(as_operator, as_operator.token, {}, f"/v1/keys/{made['id']}/rotate").status == 200
    assert admin("key", "rotate", made["id"], **redis.settings()).returncode == 0
    for _ in range(2):
        assert as_operator.request("DELETE", f"/v1/keys/{made['id']}").status == 204
    assert admin("key", "revoke", made["id"], **redis.settings()).returncode == 0
    assert as_operator.request("DELETE", "/v1/keys/0123456789ab").status == 404
    assert said(trail(as_operator, object=f"key:{made['id']}"), "action", "by", "method", "route", "outcome") == [
        ("create", own, "POST", "/v1/keys", "done"), ("rotate", own, "POST", "/v1/keys/{id}/rotate", "done"), ("rotate", "dronc-admin", None, None, "done"),
        ("revoke", own, "DELETE", "/v1/keys/{id}", "done")]
    assert said(trail(as_operator, object=f"key:{own}"), "action", "by") == [("create", "dronc-admin")]
    assert said(audit_lines(as_operator, 3), "action", "key", "by") == [(action, made["id"], own) for action in ("create", "rotate", "revoke")]


def test_changes_of_secrets_and_of_what_signs_are_in_the_trail(redis, make_handler, home):
    keys = Keys(home)
    handler = make_handler(**keys.settings)
    handler.token, own = (token := create_key(redis)), id_of(token)
    put_secret(handler, "mail", "hunter-of-two", "mail.example.com")
    put_secret(handler, "mail", "hunter-of-three", "mail.example.com")
    for _ in range(2):
        assert handler.request("POST", "/v1/signing/orders", "").status == 201
    assert admin("seal-key", "rotate", keys.private, **redis.settings()).returncode == 0
    for name in ("secrets/mail", "signing/orders"):
        assert [handler.request("DELETE", f"/v1/{name}").status for _ in range(2)] == [204, 404]
    assert said(trail(handler, object="secret:mail"), "action", "by", "route", "version") == [
        ("create", own, "/v1/secrets/{id}", 1), ("change", own, "/v1/secrets/{id}", 2), ("change", "dronc-admin", None, 3),
        ("delete", own, "/v1/secrets/{id}", None)]
    assert said(trail(handler, object="signing:orders"), "action", "by", "route", "version") == [
        ("create", own, "/v1/signing/{id}", 1), ("change", own, "/v1/signing/{id}", 2), ("change", "dronc-admin", None, 3),
        ("delete", own, "/v1/signing/{id}", None)]
    with redis.client() as db:
        assert "hunter" not in repr(db.xrange("dronc:audit")) and "hunter" not in handler.err


def test_trail_has_no_token(redis, as_operator):
    made = ask_key(as_operator, as_operator.token, {"name": "x", "scopes": ["*"]}).json
    with redis.client() as db:
        stored = repr(db.xrange("dronc:audit"))
    for token in (made["token"], as_operator.token):
        assert token not in stored and token.split("_")[2] not in stored


def test_trail_takes_the_scope_audit_read(redis, as_operator):
    assert as_operator.get("/v1/audit", **bearer(create_key(redis, "audit:read"))).status == 200
    answer = as_operator.get("/v1/audit", **bearer(create_key(redis, "jobs:read", "keys:admin")))
    assert (answer.status, answer.code) == (403, "FORBIDDEN") and "audit:read" in answer.error["message"]


# --- refusals -----------------------------------------------------------------------------------------------------


def test_what_the_door_refuses_is_counted_with_its_route(redis, as_operator):
    weak = create_key(redis, "jobs:read")
    for _ in range(3):
        assert as_operator.get("/v1/jobs", **bearer(made_up())).code == "UNAUTHORIZED"
        assert as_operator.post(JOB, **bearer(weak)).code == "FORBIDDEN"
        assert as_operator.get("/v1/executions/exec:0", dronc_job_id="capi:0", **bearer(weak)).code == "SELF_CALL"
        with told(as_operator, HTTP_HOST="evil.example"):
            assert as_operator.get("/v1/jobs:export", authorization=None).code == "MISDIRECTED_REQUEST"
    assert refused(redis, as_operator) == {
        ("UNAUTHORIZED", None, "/v1/jobs"): 3, ("FORBIDDEN", id_of(weak), "/v1/schedule/api-caller"): 3,
        ("SELF_CALL", id_of(weak), "/v1/executions/{id}"): 3, ("MISDIRECTED_REQUEST", None, "/v1/jobs:export"): 3}


def test_refusal_names_a_key_that_is_good_no_more_and_where_it_is_used(redis, as_operator):
    """The one whose key it is wants to know."""
    revoked, placed = create_key(redis, "jobs:read"), make_key(redis.settings(), "--scopes", "*", "--from", "10.0.0.0/8")
    assert admin("key", "revoke", id_of(revoked), **redis.settings()).returncode == 0
    with told(as_operator, HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.7"):
        assert as_operator.get("/v1/jobs", **bearer(revoked)).status == 401
        assert as_operator.get("/v1/jobs", **bearer(placed)).status == 403
        assert as_operator.get("/v1/jobs", **bearer(made_up(id_of(placed)))).status == 401
    wait_for(lambda: len(trail(as_operator)) == 7)  # and four keys
    entries = [entry for entry in trail(as_operator) if entry["outcome"] == "refused"]
    assert said(entries, "error", "by", "address") == [
        ("UNAUTHORIZED", id_of(revoked), "192.0.2.7"), ("FORBIDDEN", id_of(placed), "192.0.2.7"), ("UNAUTHORIZED", None, "192.0.2.7")]


def test_limits_are_refusals(redis, make_handler):
    handler = make_handler(JOBS_MAX=1)
    slow = make_key(redis.settings(), "--scopes", "*", "--rate", "1", "--burst", "1")
    handler.token = create_key(redis)
    assert handler.get("/v1/jobs", **bearer(slow)).status == 200
    assert handler.get("/v1/jobs", **bearer(slow)).status == 429
    posted = [handler.post({**JOB, "description": f"{n}"}).status for n in range(100)]
    assert set(posted) == {201, 507}
    assert refused(redis, handler) == {
        ("TOO_MANY_REQUESTS", id_of(slow), "/v1/jobs"): 1, ("QUOTA_EXCEEDED", id_of(handler.token), "/v1/schedule/api-caller"): posted.count(507)}


def test_without_keys_who_asks_on_this_machine_is_local(redis, handler):
    assert handler.get("/v1/jobs", dronc_job_id="capi:0").code == "SELF_CALL"
    assert handler.get("/v1/jobs", authorization="Bearer x").code == "UNAUTHORIZED"
    with told(handler, SERVER_ADDR="192.0.2.1", REMOTE_ADDR="192.0.2.7"):
        assert handler.get("/v1/jobs").code == "UNAUTHORIZED"
    assert refused(redis, handler) == {("SELF_CALL", "local", "/v1/jobs"): 1, ("UNAUTHORIZED", None, "/v1/jobs"): 2}


def test_refusals_wait_while_redis_is_away(redis, handler):
    """A request that could not ask Redis keeps what is counted out of the trail no longer than Redis is away."""
    redis.kill()
    assert handler.get("/v1/jobs", dronc_job_id="capi:0").code == "SELF_CALL"
    redis.start()
    assert refused(redis, handler) == {("SELF_CALL", None, "/v1/jobs"): 1}


# --- dronc-admin audit --------------------------------------------------------------------------------------------


@pytest.fixture
def ask(redis):
    return lambda *args, **settings: admin("audit", *args, **{**redis.settings(), **settings})


def lines_of(done):
    assert (done.returncode, done.stderr) == (0, ""), done
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_admin_prints_what_the_api_shows(ask, as_operator):
    jobs = [as_operator.post({**JOB, "description": f"{n}"}).json["job_id"] for n in range(40)]
    for job in jobs:
        as_operator.patch(job, {"timeout_ms": 5000}, x_request_id="all")
    shown = trail(as_operator)
    assert lines_of(ask("--format", "json")) == shown[::-1]
    assert lines_of(ask("--format=json", "--limit=7")) == shown[:-8:-1]
    assert lines_of(ask("--format", "json", "--object", jobs[3])) == trail(as_operator, object=jobs[3])[::-1]
    assert lines_of(ask("--format", "json", "--object", f"key:{id_of(as_operator.token)}")) == shown[:1]
    assert lines_of(ask("--format", "json", "--by", "dronc-admin")) == shown[:1]
    assert lines_of(ask("--format", "json", "--since", shown[30]["at"])) == [entry for entry in shown if entry["at"] >= shown[30]["at"]][::-1]
    assert lines_of(ask("--format", "json", "--since", "1h")) == shown[::-1]


def test_admin_prints_a_table(ask, as_operator):
    with told(as_operator, REMOTE_ADDR="192.0.2.7"):
        job = as_operator.schedule(NEVER_SOON, "http://10.9.9.9:9/")
        as_operator.get("/v1/jobs", **bearer(made_up()))
    wait_for(lambda: len(trail(as_operator)) == 3)
    rows = [line.split() for line in ask().stdout.splitlines()]
    assert rows[0] == ["AT", "ACTION", "BY", "ADDRESS", "COUNT", "ROUTE", "OBJECT", "OR", "ERROR"]
    own = id_of(as_operator.token)
    assert [row[1:] for row in rows[1:]] == [
        ["refuse", "-", "192.0.2.7", "1", "/v1/jobs", "UNAUTHORIZED"], ["create", own, "192.0.2.7", "1", "/v1/schedule/api-caller", job],
        ["create", "dronc-admin", "-", "1", "-", f"key:{own}"]]


def test_admin_reads_on_until_it_has_what_it_looks_for(ask, redis, handler):
    """What is old lies behind many entries of others."""
    job = handler.schedule(NEVER_SOON, JOB["api"])
    with redis.client() as db, db.pipeline() as pipe:
        for n in range(1500):
            pipe.xadd("dronc:audit", {"j": f"key:{n}", "r": "a:create w:other"})
        pipe.xadd("dronc:audit", {"j": "key:x", "r": "v:x"})  # cannot be read
        pipe.execute()
    assert said(lines_of(ask("--format", "json", "--by", "local")), "action", "object") == [("create", job)]
    assert len(lines_of(ask("--format", "json", "--limit", "1200"))) == 1200
    assert len(lines_of(ask("--format", "json", "--limit", "10000"))) == 1501


def test_admin_audit_says_by_its_status_what_came_of_it(ask, redis, as_operator):
    for args in (("--limit", "0"), ("--limit", "10001"), ("--limit", "x"), ("--format", "xml"), ("--since", "soon"), ("--by",), ("x",), ("--nonsense", "x")):
        done = ask(*args)
        assert (done.returncode, done.stdout) == (2, ""), args
        assert done.stderr.startswith("dronc-admin: ") and done.stderr.count("\n") == 1
    done = ask("--by", "unknown")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "dronc-admin: the trail has nothing of that\n")
    assert "audit" in admin("--help").stdout and "AUDIT_MAX" in admin("--help").stdout
    redis.kill()
    assert ask().returncode == 3
