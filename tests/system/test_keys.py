"""API keys: who may ask what, with which token, from where and until when; and dronc-admin, which makes them."""
import json
import random
import re
import string
import subprocess
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from harness import DIST, NEVER_SOON, VERSION, admin, environment, make_key, wait_for
from world import DOCUMENT, OPERATIONS, World

JOB = {"schedule": NEVER_SOON, "api": "http://10.9.9.9:9/", "type": "ATMOST_ONCE"}
SCOPES = DOCUMENT.content["components"]["schemas"]["Scope"]["enum"][1:]
DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
TOKEN = re.compile(r"dr_([0-9A-Za-z]{12})_([0-9A-Za-z]{32})([0-9A-Za-z]{6})")


def check_of(text):
    """The six digits at the end of a token."""
    crc, out = zlib.crc32(text.encode()), ""
    for _ in range(6):
        out, crc = DIGITS[crc % 62] + out, crc // 62
    return out


def made_up(id=None, secret=None):
    text = "dr_" + (id or "".join(random.choices(DIGITS, k=12))) + "_" + (secret or "".join(random.choices(DIGITS, k=32)))
    return text + check_of(text)


def id_of(token):
    return TOKEN.fullmatch(token)[1]


def bearer(token):
    return {"authorization": f"Bearer {token}"}


@contextmanager
def told(handler, **variables):
    """What the web server tells of the connection."""
    before, handler.variables = handler.variables, {"HTTP_HOST": "localhost:8080", **variables}
    yield handler
    handler.variables = before


def ask_key(handler, token, body, uri="/v1/keys"):
    return handler.request("POST", uri, json.dumps(body), {"content_type": "application/json", **bearer(token)})


def is_keyed(handler):
    """The handler has found out that there are keys."""
    return wait_for(lambda: handler.get("/v1/jobs").status == 401)


# --- without any key ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variables", [{}, {"SERVER_ADDR": "127.0.0.1"}, {"SERVER_ADDR": "::1"}, {"SERVER_ADDR": "127.9.9.9", "REMOTE_ADDR": "127.0.0.1"},
                                       {"REMOTE_ADDR": "127.0.0.1"}], ids=str)
def test_this_machine_may_ask_while_there_is_no_key(handler, variables):
    with told(handler, **variables):
        assert handler.get("/v1/jobs").status == 200


@pytest.mark.parametrize("variables", [{"SERVER_ADDR": "192.0.2.1"}, {"SERVER_ADDR": "0.0.0.0"}, {"SERVER_ADDR": "127.0.0.1.example.com"},
                                       {"SERVER_ADDR": "2001:db8::1", "REMOTE_ADDR": "127.0.0.1"}, {"REMOTE_ADDR": "192.0.2.1"},
                                       {"SERVER_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.1"}, {"HTTP_FORWARDED": "for=192.0.2.1"},
                                       {"HTTP_X_REAL_IP": "192.0.2.1"}, {"HTTP_VIA": "1.1 proxy"},
                                       {"SERVER_ADDR": "127.0.0.1", "HTTP_HOST": "dronc.example.com"}], ids=str)
def test_no_other_machine_may(make_handler, variables):
    handler = make_handler(API_HOSTS="dronc.example.com")
    with told(handler, **variables):
        for op in OPERATIONS:
            answer = handler.request(op.method, op.path.replace("{id}", "x"), "{}" if op.body else None)
            if op.node.get("security"):
                assert (answer.status, answer.code) == (401, "UNAUTHORIZED"), op
                assert answer.headers["www-authenticate"] == 'Bearer realm="dronc"'
            else:
                assert answer.status in (200, 304), op


def test_keys_are_made_with_a_key_only(handler):
    for method, uri in (("GET", "/v1/keys"), ("POST", "/v1/keys"), ("DELETE", "/v1/keys/0123456789ab"), ("POST", "/v1/keys/0123456789ab/rotate")):
        answer = handler.request(method, uri, "{}" if method == "POST" else None)
        assert (answer.status, answer.code) == (403, "FORBIDDEN")
        assert "dronc-admin key create" in answer.error["message"]


def test_other_schemes_are_the_web_servers_business(handler):
    assert handler.get("/v1/jobs", authorization="Basic b3BzOm9wcw==").status == 200
    assert handler.get("/v1/jobs", authorization=f"Bearer {made_up()}").status == 401


def test_auth_keys_asks_for_one_before_there_is_any(make_handler):
    assert make_handler(API_AUTH="keys").get("/v1/jobs").status == 401


def test_auth_none_asks_for_none_and_says_so(redis, make_handler):
    make_key(redis.settings())
    handler = make_handler(API_AUTH="none")
    with told(handler, SERVER_ADDR="192.0.2.1"):
        assert handler.get("/v1/jobs").status == 200
        assert handler.get("/v1/keys").status == 403
    assert '"level":"warn","event":"the API lets in everyone who reaches it"' in handler.err
    check = subprocess.run([DIST / "dronc-fcgi", "--check"], env=environment(**redis.settings(API_AUTH="none")), capture_output=True, text=True, check=True)
    assert "warning: the API lets in everyone who reaches it" in check.stdout


@pytest.mark.parametrize("args", [(), ("--pool",), ("--check",)], ids=str)
def test_handler_does_not_start_where_other_machines_would_be_let_in(redis, make_handler, args):
    handler = make_handler(*args, HTTP_ADDR="0.0.0.0")
    assert handler.exit_code() == 2
    assert handler.err.strip().endswith("HTTP_ADDR: 0.0.0.0 would let anyone in: dronc-admin key create first")


def test_handler_starts_there_with_a_key(redis, make_handler):
    make_key(redis.settings())
    assert make_handler(HTTP_ADDR="0.0.0.0").get("/v1/jobs").status == 401


def test_the_first_key_closes_loopback_to_jobs(redis, handler, runner, hook):
    """TARGETS=auto, in both programs."""
    assert handler.post({**JOB, "api": hook.url}).status == 201
    job_id = handler.schedule("* * * * * *", hook.url)
    hook.wait_for_calls()
    token = make_key(redis.settings())
    is_keyed(handler)
    answer = handler.post({**JOB, "api": hook.url + "/other"}, **bearer(token))
    assert (answer.status, answer.code, answer.error["field"]) == (400, "VALIDATION_ERROR", "api")
    handler.token = token
    wait_for(lambda: handler.executions(job_id=job_id)[0].get("error_class") == "forbidden")


# --- with keys ----------------------------------------------------------------------------------------------------


def test_the_first_key_ends_the_time_without(redis, handler):
    assert handler.get("/v1/jobs").status == 200
    token = make_key(redis.settings())
    is_keyed(handler)
    assert handler.get("/v1/jobs", **bearer(token)).status == 200
    assert handler.get("/v1/jobs", authorization=f"bearer {token}").status == 200
    assert handler.get("/health/deep").status == 200
    assert admin("key", "revoke", id_of(token), **redis.settings()).returncode == 0
    wait_for(lambda: handler.get("/v1/jobs", **bearer(token)).status == 401)
    assert handler.get("/v1/jobs").status == 401, "a key that is revoked does not open the API again"


@pytest.mark.parametrize("text", ["Bearer", "Bearer ", "Bearer  {0}", "Bearer {0} ", "Bearer {0},{0}", "Bearer {0}, Bearer {0}", "Bearer {0}x", "{0}",
                                  "Token {0}", "Bearer\t{0}", "Basic {0}"])
def test_header_of_another_form_is_no_key(redis, handler, text):
    token = make_key(redis.settings())
    answer = handler.get("/v1/jobs", authorization=text.format(token))
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")


def test_token_counts_in_the_header_alone(redis, handler):
    token = make_key(redis.settings())
    is_keyed(handler)
    for uri in (f"/v1/jobs?access_token={token}", f"/v1/jobs?token={token}", f"/v1/jobs?authorization=Bearer%20{token}"):
        assert handler.get(uri).status == 401
    assert handler.get("/v1/jobs", cookie=f"token={token}", x_api_key=token).status == 401


def test_good_key_may_come_by_any_name_and_from_a_job_only_if_it_may(redis, handler):
    strong, weak = make_key(redis.settings()), make_key(redis.settings(), "--scopes", "jobs:read,jobs:run")
    is_keyed(handler)
    with told(handler, SERVER_ADDR="192.0.2.1", HTTP_HOST="dronc.example.com"):
        assert handler.get("/v1/jobs", **bearer(strong)).status == 200
        assert handler.get("/v1/jobs", **bearer(made_up())).code == "MISDIRECTED_REQUEST"
        assert handler.get("/v1/jobs").code == "MISDIRECTED_REQUEST"
        assert handler.get("/v1/jobs", dronc_job_id="capi:0", **bearer(strong)).status == 200
        assert handler.get("/v1/jobs", dronc_job_id="capi:0", **bearer(weak)).code == "SELF_CALL"
        assert handler.get("/v1/jobs", origin="http://evil.example", **bearer(strong)).code == "FORBIDDEN_ORIGIN"


@pytest.fixture(scope="session")
def keyed(base):
    """A handler and its Redis, and of each scope a key that has it alone."""
    world = World(base / "keyed")
    world.of_scope = {scope: make_key(world.redis.settings(), "--scopes", scope) for scope in SCOPES}
    yield world
    world.close()


@pytest.mark.parametrize("op", OPERATIONS, ids=str)
def test_each_route_takes_its_scope_and_no_other(keyed, op):
    """As fcgi/serve/route.c has it, and openapi.json."""
    needed = op.node["security"][0]["token"][0] if op.node.get("security") else None
    for scope in SCOPES:
        job_id = keyed.job()
        answer = keyed.ask(op, job_id, keyed.examples(op, job_id), authorization=f"Bearer {keyed.of_scope[scope]}")
        if needed in (None, scope):
            gives_more = op.path.startswith("/v1/keys") and answer.status == 403 and "a key gives no more than it has" in answer.error["message"]
            assert answer.status < 400 or gives_more, (op, scope, answer)
        else:
            assert (answer.status, answer.error["message"]) == (403, f"this key lacks the scope {needed}"), (op, scope, answer)
            assert answer.headers["www-authenticate"] == 'Bearer realm="dronc", error="insufficient_scope"'


def mutations(token):
    """Tokens like this one that are another one, most of them with a sound check."""
    for at in range(len(token)):
        for c in random.sample(DIGITS + "_-. ", 3):
            if c != token[at]:
                yield token[:at] + c + token[at + 1:]
    head = token[:-6]
    for at in range(3, len(head)):
        for c in random.sample(DIGITS, 4):
            if c != head[at]:
                other = head[:at] + c + head[at + 1:]
                yield other + check_of(other)
    for other in (token[:-1], token + "0", token.upper(), token.swapcase(), token[::-1], token * 2, head, head + "000000", "dr_" + token[3:15], token[16:]):
        yield other


def test_no_made_up_token_is_taken(redis, handler):
    random.seed(14)
    token = make_key(redis.settings())
    id = id_of(token)
    tokens = list(mutations(token)) + [made_up() for _ in range(1500)] + [made_up(id) for _ in range(1500)]
    assert token not in tokens and len(tokens) > 3000
    for other in tokens:
        answer = handler.get("/v1/jobs", **bearer(other))
        assert (answer.status, answer.code) == (401, "UNAUTHORIZED"), other
    assert handler.get("/v1/jobs", **bearer(token)).status == 200


def test_mistyped_token_is_refused_without_redis(redis, handler):
    token = make_key(redis.settings())
    assert handler.get("/v1/jobs", **bearer(token)).status == 200
    with redis.client() as db:
        def looked_up():
            return db.info("commandstats").get("cmdstat_hmget", {"calls": 0})["calls"]
        before = looked_up()
        for _ in range(100):
            assert handler.get("/v1/jobs", authorization=f"Bearer {token[:-1]}{'0' if token[-1] != '0' else '1'}").status == 401
        assert looked_up() == before
        for _ in range(3):
            assert handler.get("/v1/jobs", **bearer(made_up())).status == 401
        assert looked_up() == before + 3


def test_key_that_was_looked_up_is_believed_for_a_second(redis, handler):
    token = make_key(redis.settings())
    with redis.client() as db:
        def asked():
            return db.info("commandstats").get("cmdstat_hmget", {"calls": 0})["calls"]
        began, before = time.monotonic(), asked()
        for _ in range(200):
            assert handler.get("/v1/schedule/preview?schedule=@daily", **bearer(token)).status == 200
        took = time.monotonic() - began
        assert asked() - before <= 2 + 2 * took


# --- when, and from where -----------------------------------------------------------------------------------------


def test_key_expires_and_is_not_valid_before_its_time(redis, handler):
    early = make_key(redis.settings(), "--scopes", "*", "--not-before", "2s")
    late = make_key(redis.settings(), "--scopes", "*", "--expires", "2s")
    assert (handler.get("/v1/jobs", **bearer(late)).status, handler.get("/v1/jobs", **bearer(early)).status) == (200, 401)
    assert "not valid yet" in handler.get("/v1/jobs", **bearer(early)).error["message"]
    wait_for(lambda: handler.get("/v1/jobs", **bearer(early)).status == 200)
    wait_for(lambda: handler.get("/v1/jobs", **bearer(late)).status == 401)
    answer = handler.get("/v1/jobs", **bearer(late))
    assert "expired" in answer.error["message"] and 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_key_comes_from_its_addresses_alone(redis, handler):
    token = make_key(redis.settings(), "--scopes", "*", "--from", "10.0.0.0/8,2001:db8::/32")
    for address, status in (("10.1.2.3", 200), ("2001:db8::9", 200), ("11.0.0.1", 403), ("2001:db9::1", 403), ("::ffff:11.0.0.1", 403), ("", 403)):
        with told(handler, REMOTE_ADDR=address):
            assert handler.get("/v1/jobs", **bearer(token)).status == status, address
    with told(handler, REMOTE_ADDR="11.0.0.1", HTTP_X_FORWARDED_FOR="10.1.2.3"):
        assert handler.get("/v1/jobs", **bearer(token)).status == 403, "what a client says of itself proves nothing"


def test_certificate_is_a_key(redis, handler):
    made = admin("key", "create", "--scopes", "jobs:read", "--cert-dn", "CN=ops,O=Example", **redis.settings())
    assert re.fullmatch(r"[0-9A-Za-z]{12}\n", made.stdout)
    is_keyed(handler)
    good = {"SSL_CLIENT_VERIFY": "SUCCESS", "SSL_CLIENT_S_DN": "CN=ops,O=Example"}
    for variables, status in ((good, 200), ({**good, "SSL_CLIENT_VERIFY": "NONE"}, 401), ({**good, "SSL_CLIENT_VERIFY": "FAILED:expired"}, 401),
                              ({**good, "SSL_CLIENT_S_DN": "CN=ops,O=Example2"}, 401), ({"SSL_CLIENT_S_DN": "CN=ops,O=Example"}, 401),
                              ({"HTTP_SSL_CLIENT_VERIFY": "SUCCESS", "HTTP_SSL_CLIENT_S_DN": "CN=ops,O=Example"}, 401)):
        with told(handler, **variables):
            assert handler.get("/v1/jobs").status == status, variables
            assert handler.get("/v1/jobs", **bearer(made_up())).status == 401, "a wrong token is not made good by a certificate"
    with told(handler, **good):
        assert handler.post(JOB).error["message"] == "this key lacks the scope jobs:write"


def test_old_token_counts_for_the_overlap_and_no_longer(redis, handler):
    first = make_key(redis.settings())
    rotated = admin("key", "rotate", id_of(first), "--overlap", "3s", **redis.settings())
    second = rotated.stdout.strip()
    assert rotated.returncode == 0 and id_of(second) == id_of(first) and second != first
    assert [handler.get("/v1/jobs", **bearer(token)).status for token in (first, second)] == [200, 200]
    wait_for(lambda: handler.get("/v1/jobs", **bearer(first)).status == 401)
    third = admin("key", "rotate", id_of(first), "--overlap=0s", **redis.settings()).stdout.strip()
    wait_for(lambda: handler.get("/v1/jobs", **bearer(second)).status == 401)
    assert handler.get("/v1/jobs", **bearer(third)).status == 200


# --- /v1/keys -----------------------------------------------------------------------------------------------------


def test_keys_are_made_listed_rotated_and_revoked(redis, handler):
    token = make_key(redis.settings())
    made = ask_key(handler, token, {"name": "backup", "scopes": ["export", "secrets:read"], "expires_at": "2100-01-01T00:00:00Z"}).json
    assert made["created_by"] == id_of(token) and id_of(made["token"]) == made["id"]
    assert handler.get("/v1/jobs:export", **bearer(made["token"])).status == 200
    listed = {key["id"]: key for key in handler.get("/v1/keys", **bearer(token)).json["keys"]}
    assert set(listed) == {made["id"], id_of(token)}
    key = listed[made["id"]]
    assert (key["name"], key["scopes"], key["expires_at"]) == ("backup", ["export", "secrets:read"], "2100-01-01T00:00:00Z")
    assert key["last_used"] == time.strftime("%Y-%m-%d", time.gmtime()) and "token" not in key
    rotated = handler.request("POST", f"/v1/keys/{made['id']}/rotate", '{"overlap_s": 0}', {"content_type": "application/json", **bearer(token)}).json
    assert handler.get("/v1/jobs:export", **bearer(made["token"])).status == 401
    assert handler.get("/v1/jobs:export", **bearer(rotated["token"])).status == 200
    assert handler.request("DELETE", f"/v1/keys/{made['id']}", headers=bearer(token)).status == 204
    assert "revoked" in handler.get("/v1/jobs:export", **bearer(rotated["token"])).error["message"]
    assert handler.request("DELETE", "/v1/keys/0123456789ab", headers=bearer(token)).code == "KEY_NOT_FOUND"


@pytest.mark.parametrize("own, wish, status", [
    (("--scopes", "keys:admin,jobs:read"), {"scopes": ["jobs:read"]}, 201),
    (("--scopes", "keys:admin,jobs:read"), {"scopes": ["jobs:write"]}, 403),
    (("--scopes", "keys:admin,jobs:read"), {"scopes": ["*"]}, 403),
    (("--scopes", "*", "--expires", "1d"), {"scopes": ["*"]}, 201),
    (("--scopes", "*", "--expires", "1d"), {"scopes": ["*"], "expires_at": "2100-01-01T00:00:00Z"}, 403),
    (("--scopes", "*", "--from", "10.0.0.0/8"), {"scopes": ["*"]}, 201),
    (("--scopes", "*", "--from", "10.0.0.0/8"), {"scopes": ["*"], "from": ["10.1.0.0/16", "10.2.3.4"]}, 201),
    (("--scopes", "*", "--from", "10.0.0.0/8"), {"scopes": ["*"], "from": ["10.1.0.0/16", "11.0.0.0/8"]}, 403),
    (("--scopes", "*", "--from", "10.0.0.0/8"), {"scopes": ["*"], "from": ["0.0.0.0/0"]}, 403)], ids=str)
def test_key_gives_no_more_than_it_has(redis, handler, own, wish, status):
    token = make_key(redis.settings(), *own)
    with told(handler, REMOTE_ADDR="10.1.2.3"):
        answer = ask_key(handler, token, {"name": "other", **wish})
    assert answer.status == status, answer
    if status == 201 and "--expires" in own:
        assert "expires_at" in answer.json
    if status == 201 and "--from" in own:
        assert answer.json["from"] == wish.get("from", ["10.0.0.0/8"])


def test_key_does_not_take_the_token_of_a_stronger_one(redis, handler):
    strong, weak = make_key(redis.settings()), make_key(redis.settings(), "--scopes", "keys:admin")
    answer = handler.request("POST", f"/v1/keys/{id_of(strong)}/rotate", "", bearer(weak))
    assert (answer.status, answer.code) == (403, "FORBIDDEN")
    assert handler.get("/v1/jobs", **bearer(strong)).status == 200


# --- who it was ---------------------------------------------------------------------------------------------------


def test_record_says_which_key_it_was(redis, handler):
    handler.token = make_key(redis.settings())
    job_id = handler.schedule(NEVER_SOON, "http://10.9.9.9:9/by")
    assert handler.pause(job_id).json["state_by"] == id_of(handler.token)


def test_backup_does_not_say_who_it_was(redis, handler):
    line = {**JOB, "state": "PAUSED", "state_reason": "user", "state_by": "root@ops", "state_note": "n"}
    (before,) = handler.batch([line]).lines
    assert handler.job(before["job_id"]).json["state_by"] == "root@ops", "without keys nothing else is known"
    handler.token = make_key(redis.settings())
    (made,) = handler.batch([{**line, "api": "http://10.9.9.9:9/other"}]).lines
    assert handler.job(made["job_id"]).json["state_by"] == id_of(handler.token)


def test_idempotency_keys_belong_to_the_key_that_sends_them(redis, handler):
    one, other = make_key(redis.settings()), make_key(redis.settings())
    first = handler.post(JOB, idempotency_key="order-17", **bearer(one))
    assert handler.post({**JOB, "api": "http://10.9.9.9:9/2"}, idempotency_key="order-17", **bearer(other)).status == 201
    assert handler.post(JOB, idempotency_key="order-17", **bearer(one)).headers["idempotent-replayed"] == "true"
    assert handler.post({**JOB, "api": "http://10.9.9.9:9/2"}, idempotency_key="order-17", **bearer(one)).status == 422
    assert first.status == 201


# --- when Redis is away -------------------------------------------------------------------------------------------


def test_without_redis_nobody_is_let_in(redis, handler):
    """What is not known of a client is not guessed, and Redis comes back between two questions."""
    token = make_key(redis.settings())
    assert handler.get("/v1/jobs", **bearer(token)).status == 200
    time.sleep(1.1)  # what was looked up is old
    redis.pause()
    try:
        for headers in ({}, bearer(token), bearer(made_up())):
            assert handler.get("/v1/jobs", **headers).status == 500
            assert handler.post(JOB, **headers).code == "STORAGE_ERROR"
            assert handler.request("POST", "/v1/keys", '{"name":"x","scopes":["*"]}', headers).status == 500
    finally:
        redis.resume()
    wait_for(lambda: handler.get("/v1/jobs").status == 401)
    wait_for(lambda: handler.get("/v1/jobs", **bearer(token)).status == 200)


# --- the whole stack ----------------------------------------------------------------------------------------------


def test_revoked_key_is_dead_within_two_seconds_on_eight_handlers(make_stack):
    stack = make_stack(FCGI_PROCESSES=8).start()
    settings = {"REDIS_SOCKET": stack.data / "run" / "redis.sock"}
    token, other = make_key(settings), make_key(settings, "--scopes", "*")
    clients, latest = ThreadPoolExecutor(16), 0.0

    def ask(number):
        return stack.get("/v1/jobs", **bearer(token)).status, time.monotonic()
    assert {status for status, _ in clients.map(ask, range(400))} == {200}, "so many at once that each handler has its share"
    assert admin("key", "revoke", id_of(token), **settings).returncode == 0
    revoked = time.monotonic()
    while time.monotonic() < revoked + 3:
        latest = max([at - revoked for status, at in clients.map(ask, range(64)) if status == 200], default=latest)
    clients.shutdown()
    assert latest < 2
    assert stack.get("/v1/jobs", **bearer(other)).status == 200


def test_token_is_in_no_log_no_file_and_no_answer(make_stack, hook):
    stack = make_stack(FCGI_PROCESSES=2, LOG_LEVEL="debug", TARGETS="local").start()
    settings = {"REDIS_SOCKET": stack.data / "run" / "redis.sock"}
    token = make_key(settings)
    answers = []
    made = ask_key(stack, token, {"name": "a", "scopes": ["*"]}).json["token"]
    rotated = stack.request("POST", f"/v1/keys/{id_of(made)}/rotate", "", bearer(token)).json["token"]
    by_admin = admin("key", "rotate", id_of(made), **settings).stdout.strip()
    for headers in (bearer(token), bearer(made), bearer(rotated), bearer(by_admin), bearer(token[:-1] + "?"), {"authorization": f"Basic {token}"}):
        for uri in ("/v1/jobs", "/v1/keys", "/v1/jobs:export", "/v1/jobs?nonsense=1", "/nowhere", "/v1/track/executions", "/openapi.json"):
            answers.append(stack.get(uri, **headers))
        answers.append(stack.post({**JOB, "api": hook.url}, **headers))
        answers.append(stack.post("{", **headers))
        answers.append(stack.batch([{**JOB, "headers": {"X": "1"}}], **headers))
    assert {200, 201, 400, 401, 404} <= {answer.status for answer in answers}
    assert stack.stop() == 0
    assert any(stack.data.rglob("*.aof"))
    for secret in (TOKEN.fullmatch(text)[2] for text in (token, made, rotated, by_admin)):
        assert not [answer for answer in answers if secret.encode() in answer.body]
        assert secret not in stack.all_logs()
        for path in stack.home.rglob("*"):
            assert not path.is_file() or secret.encode() not in path.read_bytes(), path


# --- dronc-admin --------------------------------------------------------------------------------------------------


@pytest.fixture
def ask_admin(redis):
    return lambda *args, **settings: admin(*args, **{**redis.settings(), **settings})


def test_admin_explains_itself():
    done = admin("--help")
    assert done.returncode == 0 and done.stderr == ""
    for word in ("key create", "key list", "key show ID", "key revoke ID", "key rotate ID", "check", "Exit status", "REDIS_SOCKET", "HTTP_ADDR", *SCOPES):
        assert word in done.stdout
    assert admin("--version").stdout == f"dronc-admin {VERSION}\n"


@pytest.mark.parametrize("args", [(), ("nonsense",), ("key",), ("key", "nonsense"), ("check", "x"), ("key", "create", "x"), ("key", "create", "--nonsense", "x"),
                                  ("key", "create", "--name"), ("key", "create", "--name", "a", "--name", "b"), ("key", "create", "--scopes", "jobs"),
                                  ("key", "create", "--scopes", ""), ("key", "create", "--name", ""), ("key", "create", "--name", "a\nb"),
                                  ("key", "create", "--expires", "soon"), ("key", "create", "--expires", "2000-01-01T00:00:00Z"),
                                  ("key", "create", "--expires", "1d", "--not-before", "2d"), ("key", "create", "--from", "10.0.0.0/33"),
                                  ("key", "create", "--from", "localhost"), ("key", "show"), ("key", "show", "x"), ("key", "revoke"), ("key", "revoke", "a", "b"),
                                  ("key", "rotate", "0123456789ab", "--overlap", "1y"), ("key", "list", "x"), ("--help", "x")], ids=str)
def test_admin_refuses_what_it_does_not_understand(ask_admin, redis, args):
    done = ask_admin(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("dronc-admin: ") and done.stderr.count("\n") == 1
    assert redis.client().exists("dronc:keys") == 0


def test_admin_says_by_its_status_what_came_of_it(ask_admin, redis):
    assert ask_admin("key", "list").returncode == 0
    first = ask_admin("key", "create")
    assert TOKEN.fullmatch(first.stdout.strip()) and "scopes *" in first.stderr and first.stdout.strip() not in first.stderr
    assert ask_admin("key", "create").returncode == 2, "only the first key has its scopes by itself"
    for command in ("show", "revoke", "rotate"):
        assert ask_admin("key", command, "0123456789ab").returncode == 1
    made = ask_admin("key", "create", "--scopes=jobs:read,jobs:run", "--name=reader of jobs", "--from=10.0.0.0/8", "--expires=90d")
    id = id_of(made.stdout.strip())
    shown = ask_admin("key", "show", id).stdout
    for line in (f"id           {id}", "name         reader of jobs", "scopes       jobs:read,jobs:run", "from         10.0.0.0/8", "state        valid",
                 "by           dronc-admin", "last-used    never"):
        assert f"{line}\n" in shown
    assert re.search(rf"^{id}  valid      never       reader of jobs            jobs:read,jobs:run$", ask_admin("key", "list").stdout, re.M)
    assert ask_admin("key", "revoke", id).returncode == 0
    assert "state        revoked\n" in ask_admin("key", "show", id).stdout
    assert ask_admin("key", "rotate", id).returncode == 1
    assert "API keys: 2" in ask_admin("check").stdout
    redis.kill()
    for args in (("check",), ("key", "list"), ("key", "create", "--scopes", "*")):
        assert ask_admin(*args).returncode == 3
    assert ask_admin("check", REDIS_DB="x").returncode == 2


def test_admin_check_finds_an_open_door(ask_admin):
    done = ask_admin("check", HTTP_ADDR="0.0.0.0")
    assert (done.returncode, done.stderr) == (2, "dronc-admin: HTTP_ADDR: 0.0.0.0 would let anyone in: dronc-admin key create first\n")
    assert "WARNING: API_AUTH=none lets in everyone who reaches the API" in ask_admin("check", HTTP_ADDR="0.0.0.0", API_AUTH="none").stdout
    ask_admin("key", "create")
    assert ask_admin("check", HTTP_ADDR="0.0.0.0").returncode == 0


def test_database_of_another_kind_is_left_alone(ask_admin, redis):
    with redis.client() as db:
        db.set("dronc:shards", "7")
    assert ask_admin("key", "create").returncode == 2
    assert redis.client().exists("dronc:keys") == 0


# --- rates --------------------------------------------------------------------------------------------------------


def test_key_with_a_rate_sends_so_many_and_is_told_what_is_left(redis, make_handler):
    """On two handlers, which count together."""
    token = make_key(redis.settings(), "--scopes", "jobs:read", "--rate", "1", "--burst", "5")
    handlers = [make_handler(), make_handler()]
    answers = [handlers[n % 2].get("/v1/jobs", **bearer(token)) for n in range(8)]
    assert [answer.status for answer in answers].count(200) in (5, 6) and answers[-1].status == 429
    assert answers[0].headers["ratelimit-policy"] == '"key";q=5;w=5' and answers[0].headers["ratelimit"] == '"key";r=4;t=1'
    assert answers[-1].code == "TOO_MANY_REQUESTS" and answers[-1].headers["retry-after"] == "1"
    assert wait_for(lambda: handlers[0].get("/v1/jobs", **bearer(token)).status == 200)


def test_key_without_a_rate_sends_any_number_and_is_told_nothing(redis, handler):
    token = make_key(redis.settings())
    answers = [handler.get("/v1/jobs", **bearer(token)) for _ in range(50)]
    assert {answer.status for answer in answers} == {200} and "ratelimit" not in answers[-1].headers


def test_rate_of_a_key_holds_for_nothing_that_needs_no_key(redis, handler):
    token = make_key(redis.settings(), "--scopes", "jobs:read", "--rate", "1")
    for _ in range(5):
        assert handler.get("/health", **bearer(token)).status == 200
    assert handler.get("/v1/jobs", **bearer(token)).status == 200


def test_refusal_by_rate_does_nothing(redis, handler):
    token = make_key(redis.settings(), "--rate", "1")
    statuses = [handler.post({**JOB, "api": f"http://127.0.0.1:9/{n}"}, **bearer(token)).status for n in range(5)]
    wait_for(lambda: handler.get("/v1/jobs", **bearer(token)).status == 200)
    with redis.client() as db:
        assert sum(db.zcard(key) for key in db.keys("dronc:{*}:jobs:*")) == statuses.count(201) < 5


@pytest.mark.parametrize("wish, status", [({}, 201), ({"rate": 10}, 201), ({"rate": 10, "burst": 20}, 201), ({"rate": 11}, 403),
                                          ({"rate": 10, "burst": 21}, 403), ({"burst": 5}, 400), ({"rate": 0}, 400), ({"rate": "1"}, 400),
                                          ({"rate": 1000001}, 400), ({"rate": 1, "burst": 1.5}, 400)], ids=str)
def test_key_with_a_rate_gives_no_higher_one(redis, handler, wish, status):
    token = make_key(redis.settings(), "--scopes", "keys:admin,jobs:read", "--rate", "10", "--burst", "20")
    answer = ask_key(handler, token, {"name": "child", "scopes": ["jobs:read"], **wish})
    assert answer.status == status, answer
    if status == 201:
        assert (answer.json["rate"], answer.json["burst"]) == (10, wish.get("burst", 20 if not wish else 10))


@pytest.mark.parametrize("args", [("--rate", "0"), ("--rate", "x"), ("--burst", "5"), ("--rate", "1000001"), ("--rate", "1", "--burst", "0")], ids=" ".join)
def test_admin_refuses_a_rate_that_is_none(redis, args):
    done = admin("key", "create", "--scopes", "*", *args, **redis.settings())
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1


def test_admin_shows_the_rate_of_a_key(redis):
    token = make_key(redis.settings(), "--rate", "7", "--burst", "9")
    shown = admin("key", "show", id_of(token), **redis.settings()).stdout
    assert re.search(r"^rate +7$", shown, re.M) and re.search(r"^burst +9$", shown, re.M)
