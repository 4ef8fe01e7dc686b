"""Secrets: where they go, where they do not, and that they are found nowhere."""
import base64
import json
import re
import signal
import threading

import pytest

from harness import NEVER_SOON, SANITIZED, wait_for
from harness import make_key as api_key
from sealing import Keys, admin, ended, put_secret
from sealing import handler, keys, runner  # noqa: F401 (fixtures)
from target import redirect, status

VALUE = 'zephyr-"open"\\7f3a90c1d2'  # what is looked for; not all of it is the same in JSON
PLAIN = b"7f3a90c1d2"                # but this is, in every form but base64


def at(url):
    return re.fullmatch(r"https?://([^/]*)/.*", url)[1]


def run_once(handler, api, kind="ATMOST_ONCE", **fields):
    """The record of a call that is made now."""
    job_id = handler.schedule(NEVER_SOON, api, kind, **fields)
    handler.run(job_id)
    return ended(handler, job_id)[0]


# --- what goes in -------------------------------------------------------------------------------------------------------


def test_secret_stands_in_headers_and_body(handler, runner, hook):
    put_secret(handler, "token", VALUE, at(hook.url), http=True)
    execution = run_once(handler, hook.url, method="POST", body='{"key":"{{secret.token|json}}","at":"{{scheduled_time}}"}',
                         headers={"Authorization": "Bearer {{secret.token}}", "X-Basic": "Basic {{ secret.token | base64 }}"})
    assert execution["outcome"] == "succeeded", execution
    call, = hook.calls
    assert call.headers["authorization"] == f"Bearer {VALUE}"
    assert call.headers["x-basic"] == "Basic " + base64.b64encode(VALUE.encode()).decode()
    assert json.loads(call.body)["key"] == VALUE


def test_only_names_hosts_and_versions_are_shown(handler):
    shown = put_secret(handler, "token", VALUE, "api.example.com", "10.0.0.5:8443")
    assert set(shown) == {"name", "version", "set_at", "hosts", "http"}
    assert (shown["version"], shown["http"]) == (1, False)
    assert put_secret(handler, "token", "another", "api.example.com")["version"] == 2
    put_secret(handler, "a", "b", "[::1]:80", http=True)
    assert [(s["name"], s["version"], s["hosts"]) for s in handler.get("/v1/secrets").json["secrets"]] == [
        ("a", 1, ["[::1]:80"]), ("token", 2, ["api.example.com"])]
    assert handler.request("DELETE", "/v1/secrets/token").status == 204
    assert handler.request("DELETE", "/v1/secrets/token").status == 404


@pytest.mark.parametrize(("name", "body"), [
    ("n", {}), ("n", {"value": "x"}), ("n", {"hosts": ["h"]}), ("n", {"value": "x", "hosts": []}), ("n", {"value": "x", "hosts": "h"}),
    ("n", {"value": "", "hosts": ["h"]}), ("n", {"value": "x" * 4097, "hosts": ["h"]}), ("n", {"value": "a\nb", "hosts": ["h"]}),
    ("n", {"value": "ü", "hosts": ["h"]}), ("n", {"value": " x", "hosts": ["h"]}), ("n", {"value": 7, "hosts": ["h"]}),
    ("n", {"value": "x", "hosts": ["h"], "http": "yes"}), ("n", {"value": "x", "hosts": ["https://h"]}),
    ("n", {"value": "x", "hosts": ["*.h"]}), ("n", {"value": "x", "hosts": ["h", "h"]}), ("n", {"value": "x", "hosts": [f"h{n}" for n in range(17)]}), ("n", {"value": "x", "hosts": ["h"], "more": 1}),
    ("a%20b", {"value": "x", "hosts": ["h"]}), ("x" * 65, {"value": "x", "hosts": ["h"]}), ("n", []), ("n", "{")])
def test_what_is_no_secret_is_refused(handler, name, body):
    answer = handler.request("PUT", f"/v1/secrets/{name}", json.dumps(body) if body != "{" else body, {"content_type": "application/json"})
    assert answer.status == 400 and answer.code in ("VALIDATION_ERROR", "INVALID_REQUEST"), answer


def test_without_a_key_to_seal_with_nothing_is_stored(make_handler):
    answer = make_handler().request("PUT", "/v1/secrets/n", '{"value":"x","hosts":["h"]}', {"content_type": "application/json"})
    assert (answer.status, answer.code) == (409, "CONFLICT") and "SECRETS_PUBLIC_KEY" in answer.error["message"]


def test_id_of_a_job_has_the_reference(handler):
    """So who sees ids cannot guess values, and a new value is not a new job."""
    fields = {"headers": {"Authorization": "Bearer {{secret.token}}"}}
    one = handler.schedule(NEVER_SOON, "https://h/", **fields)
    put_secret(handler, "token", VALUE, "h")
    assert handler.schedule(NEVER_SOON, "https://h/", **fields) == one


@pytest.mark.parametrize("text", ["{{secret.token}}", "https://{{secret.token}}/", "https://h/{{secret.token}}",
                                  "https://h/?a={{secret.token}}", "https://u:{{secret.token}}@h/"])
def test_url_cannot_hold_a_secret(handler, text):
    for field in ("api", "on_failure_url"):
        answer = handler.post({"schedule": NEVER_SOON, "api": "https://h/", "type": "ATMOST_ONCE", field: text})
        assert answer.status == 400, answer


# --- 50 ways out --------------------------------------------------------------------------------------------------------


def ways_out(port, other):
    """Definitions that try to carry a secret of 127.0.0.1:<port> elsewhere: its URL, and whether http is allowed."""
    host = f"127.0.0.1:{port}"
    places = [f"http://127.0.0.1:{other}/x", f"http://localhost:{port}/x", f"http://127.0.0.2:{port}/x", f"http://{host}@127.0.0.1:{other}/x",
              f"http://127.0.0.1:{other}/{host}", f"http://127.0.0.1:{other}/?{host}", f"http://[::1]:{port}/x",
              f"http://u:p@127.0.0.1:{other}/x", f"http://127.0.0.1:{other}/#@{host}", f"http://localhost.:{port}/x"]
    ways = [{"method": "POST", "body": "{{secret.token}}"}, {"headers": {"A": "{{secret.token}}"}},
            {"headers": {"A": "{{secret.token|base64}}"}}, {"method": "PUT", "body": '{"a":"{{secret.token|json}}"}'}]
    for place in places:
        for way in ways:
            yield {"api": place, **way}


def test_fifty_ways_out_and_none_works(handler, runner, target, own_target, home):
    port, other = target.port, own_target.port
    put_secret(handler, "token", VALUE, f"127.0.0.1:{port}", http=True)
    put_secret(handler, "tls", VALUE, f"127.0.0.1:{port}")
    for path in ("/x", f"/127.0.0.1:{port}"):
        for server in (target, own_target):
            server.hook(path)
    tried, jobs = 0, []
    for definition in ways_out(port, other):
        answer = handler.post({"schedule": NEVER_SOON, "type": "ATMOST_ONCE", "keep_response": True, **definition})
        tried += 1
        if answer.status == 201:
            handler.run(answer.json["job_id"])
            jobs.append(answer.json["job_id"])
        else:
            assert answer.status == 400, answer
    # By http, although it goes by https only.
    for way in ({"method": "POST", "body": "{{secret.tls}}"}, {"headers": {"A": "{{secret.tls}}"}}):
        jobs.append(handler.schedule(NEVER_SOON, target.url("/x"), **way))
        handler.run(jobs[-1])
        tried += 1
    for job_id in jobs:
        execution, = ended(handler, job_id)
        assert (execution["error_class"], execution["outcome"]) in (("secret", "failed"), ("forbidden", "failed")), execution
    # By a redirect of the host itself, with each status, and by a notice.
    for code in (301, 302, 303, 307, 308):
        for way in ({"method": "POST", "body": "{{secret.token}}"}, {"headers": {"A": "{{secret.token}}"}}):
            hook = target.hook().answers(redirect(own_target.url("/x"), code))
            run_once(handler, hook.url, **way)
            assert len(hook.calls) == 1
            tried += 1
    failing = target.hook().answers(status(500))
    for fields in ({"on_failure_url": own_target.url("/x") + "?{{secret.token}}"}, {"on_failure_url": own_target.url("/x")}):
        answer = handler.post({"schedule": NEVER_SOON, "type": "ATMOST_ONCE", "api": failing.url, "pause_after_failures": 1,
                               "headers": {"A": "{{secret.token}}"}, **fields})
        if answer.status == 201:
            handler.run(answer.json["job_id"])
            notices = wait_for(lambda: [r for r in own_target.requests if r.method == "POST" and b"failing" in r.body], 15, "a notice")
            assert notices
        tried += 1
    assert tried >= 50
    arrived = b"".join(repr((r.uri, r.headers)).encode() + r.body for r in own_target.requests)
    arrived += b"".join(repr((r.uri, r.headers)).encode() + r.body for r in target.requests if r.path in ("/x",))
    assert PLAIN not in arrived and base64.b64encode(VALUE.encode()) not in arrived


def test_secret_that_is_not_there_is_not_sent(handler, runner, hook):
    for text in ("{{secret.none}}", "{{secret.none|base64}}"):
        execution = run_once(handler, hook.url, headers={"A": text})
        assert execution["error_class"] == "secret" and execution["error"] == 'there is no secret "none"'
    assert not hook.calls


def test_unsent_call_is_retried_once_its_secret_is_there(handler, runner, hook):
    job_id = handler.schedule(NEVER_SOON, hook.url, "ATLEAST_ONCE", headers={"A": "{{secret.token}}"},
                              retry={"min_backoff_ms": 300, "max_backoff_ms": 300, "jitter": "none"})
    handler.run(job_id)
    assert ended(handler, job_id)[0]["error_class"] == "secret"
    put_secret(handler, "token", VALUE, at(hook.url), http=True)
    assert hook.wait_for_calls()[0].headers["a"] == VALUE


def test_new_value_is_used_at_once(handler, runner, hook):
    job_id = handler.schedule(NEVER_SOON, hook.url, headers={"A": "{{secret.token}}"})
    for number in range(20):
        put_secret(handler, "token", f"value-{number}", at(hook.url), http=True)
        handler.run(job_id)
        assert hook.wait_for_calls(number + 1)[-1].headers["a"] == f"value-{number}"


# --- echoes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("echo", [VALUE, json.dumps(VALUE), base64.b64encode(VALUE.encode()).decode(), "x" * 1010 + VALUE,
                                  "zephyr-%22open%22%5C7f3a90c1d2", VALUE * 3])
def test_echo_in_a_kept_answer_is_blanked(handler, runner, hook, echo):
    put_secret(handler, "token", VALUE, at(hook.url), http=True)
    hook.answers(status(200, b"you said " + echo.encode()))
    execution = run_once(handler, hook.url, keep_response=True, headers={"A": "{{secret.token}}"})
    kept = json.dumps(execution)
    assert "[secret:token]" in kept or "[secr" in kept
    assert PLAIN.decode() not in kept and base64.b64encode(VALUE.encode()).decode() not in kept and "zephyr" not in kept


def test_echo_at_the_end_of_what_is_kept_is_blanked_before_that_is_cut(handler, runner, hook):
    """Or the last letters that are kept would be the first ones of the secret, too few to be known as such."""
    put_secret(handler, "token", VALUE, at(hook.url), http=True)
    hook.answers(status(200, b"x" * 1022 + VALUE.encode()))
    execution = run_once(handler, hook.url, keep_response=True, headers={"A": "{{secret.token}}"})
    assert execution["response"] == "x" * 1022 + "[s"


def test_echo_that_is_cut_is_blanked_too(handler, runner, hook):
    """By the target, in the middle of the secret; and by the size of an error's text."""
    value = "zephyr" + "7f3a90c1d2" * 5
    put_secret(handler, "token", value, at(hook.url), http=True)
    hook.answers(status(200, b"you said zephyr7f3a90"), redirect(f"http://{'x' * 60}.{'x' * 50}.{value}.invalid/"))
    for number in range(2):
        execution = run_once(handler, hook.url, keep_response=True, headers={"A": "{{secret.token}}"}, description=str(number))
        assert "zephyr7f" not in json.dumps(execution) and "[secret:token]" in json.dumps(execution), execution


def test_shortest_secrets_do_not_blow_an_answer_up(handler, runner, hook):
    """What stands in the place of a secret is not looked through for others."""
    letters = "secrtok:[]abcdef"
    for n, letter in enumerate(letters):
        put_secret(handler, f"s{n}", letter, at(hook.url), http=True)
    hook.answers(status(200, letters.encode() * 64))
    execution = run_once(handler, hook.url, keep_response=True, headers={"A": "".join("{{secret.s%d}}" % n for n in range(len(letters)))})
    assert execution["response"].startswith("[secret:s0][secret:s1][secret:s2]") and len(execution["response"]) == 1024


def test_echo_in_a_redirect_is_blanked_in_record_and_log(handler, runner, hook):
    put_secret(handler, "token", "evil-7f3a90c1d2", at(hook.url), http=True)
    hook.answers(redirect("http://evil-7f3a90c1d2.invalid/"))
    execution = run_once(handler, hook.url, headers={"A": "{{secret.token}}"})
    assert execution["outcome"] != "succeeded"
    assert PLAIN.decode() not in json.dumps(execution) and PLAIN.decode() not in runner.out


# --- it is found nowhere ------------------------------------------------------------------------------------------------


# ASan keeps what is given back as it is, to find who uses it, and maps terabytes.
only_where_memory_is_wiped = pytest.mark.skipif(SANITIZED, reason="fcgi/wipe.c is left out with a sanitizer")


def core_of(pid):
    """What gcore or gdb would write: all memory of a process that can be read."""
    out = bytearray()
    with open(f"/proc/{pid}/mem", "rb") as memory, open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        for line in maps:
            span, mode = line.split()[:2]
            begin, end = (int(part, 16) for part in span.split("-"))
            if mode[0] == "r" and "[v" not in line:
                try:
                    memory.seek(begin)
                    out += memory.read(end - begin)
                except (OSError, ValueError):
                    pass  # a guard page
    return bytes(out)


def idle_core_of(handler):
    """When it has ended its latest request but one, which it does after it has answered."""
    assert handler.get("/health").status == 200
    return core_of(handler.pid)


def test_value_is_found_nowhere(home, keys, make_redis, make_handler, make_runner, redis, hook):
    handler, runner = make_handler(LOG_LEVEL="debug", **keys.settings), make_runner(LOG_LEVEL="debug", **keys.settings)
    coded = base64.b64encode(VALUE.encode())
    hook.answers(status(200, VALUE.encode()))
    for number in range(5):
        put_secret(handler, f"token{number}", VALUE, at(hook.url), http=True)
    big = json.dumps({"value": VALUE, "hosts": [at(hook.url), *(f"h{n}" for n in range(15))], "http": True}, indent=200)  # comes in many pieces
    assert handler.request("PUT", "/v1/secrets/big", big, {"content_type": "application/json"}).status == 201
    bad = json.dumps({"value": VALUE, "hosts": ["a b"]})
    assert handler.request("PUT", "/v1/secrets/bad", bad, {"content_type": "application/json"}).status == 400
    execution = run_once(handler, hook.url, "ATLEAST_ONCE", method="POST", keep_response=True, body="{{secret.token1|json}}",
                         headers={"A": "{{secret.token0}}", "B": "{{secret.big|base64}}"})
    assert hook.calls[0].headers["a"] == VALUE and execution["response"] == "[secret:token0]"
    with redis.client() as db:
        db.bgrewriteaof()
        wait_for(lambda: not db.info("persistence")["aof_rewrite_in_progress"], 20)
    seen = {"answers": b"".join(handler.get(uri).body for uri in ("/v1/secrets", "/v1/jobs", "/v1/jobs:export", "/v1/track/executions"))}
    for path in home.rglob("*"):
        if path.is_file() and not path.is_socket():
            seen[str(path)] = path.read_bytes()
    assert any("appendonly" in name for name in seen)
    for name, content in seen.items():
        assert PLAIN not in content and coded not in content, name
    if not SANITIZED:  # see only_where_memory_is_wiped
        core = idle_core_of(handler)
        assert len(core) > 1_000_000 and b"dronc" in core
        assert PLAIN not in core and b"zephyr" not in core and coded not in core


@only_where_memory_is_wiped
@pytest.mark.parametrize("padding", [0, 3000, 20000])
def test_core_has_nothing_of_a_secret_that_was_just_stored(handler, padding):
    """Wherever it stood in the request: what comes later must not be what overwrites it."""
    body = "{" + " " * padding + json.dumps({"value": VALUE, "hosts": ["h"]})[1:] + " " * padding
    assert handler.request("PUT", "/v1/secrets/n", body, {"content_type": "application/json"}).status == 201
    core = idle_core_of(handler)
    assert PLAIN not in core and b"zephyr" not in core


@only_where_memory_is_wiped
def test_core_has_no_secret_that_was_refused_unread(make_handler):
    handler = make_handler()
    body = json.dumps({"value": VALUE, "hosts": ["h"]})
    for method, uri in (("PUT", "/v1/secrets/n"), ("POST", "/v1/secrets/n"), ("PUT", "/v1/nothing")):
        assert handler.request(method, uri, body, {"content_type": "application/json"}).status >= 400
    assert PLAIN not in idle_core_of(handler)


@only_where_memory_is_wiped
def test_core_has_no_secret_while_a_shorter_request_is_read(make_handler, redis):
    """libfcgi reads more than the request: what comes after it must not be what the request before left there."""
    handler = make_handler()
    body = json.dumps({"value": VALUE, "hosts": ["h"] * 50})
    assert handler.request("PUT", "/v1/nothing", body, {"content_type": "application/json"}).status == 404
    redis.program.signal(signal.SIGSTOP)
    asking = threading.Thread(target=lambda: handler.request("GET", "/v1/jobs?tag=shorter"))
    asking.start()
    core = wait_for(lambda: (lambda found: b"tag=shorter" in found and found)(core_of(handler.pid)))
    redis.program.signal(signal.SIGCONT)
    asking.join()
    assert PLAIN not in core


@only_where_memory_is_wiped
def test_core_of_the_handler_has_no_signing_key(handler):
    answer = handler.request("POST", "/v1/signing/orders", "{}", {"content_type": "application/json"})
    key = answer.json["key"].removeprefix("whsec_")
    core = idle_core_of(handler)
    assert key.encode() not in core and base64.b64decode(key) not in core


# --- keys that rotate, and files that are wrong -------------------------------------------------------------------------


def test_rotation_of_the_seal_key_fails_no_call(handler, runner, keys, redis, hook):
    put_secret(handler, "token", VALUE, at(hook.url), http=True)
    job_id = handler.schedule(NEVER_SOON, hook.url, headers={"A": "{{secret.token}}"})
    stop, ran = threading.Event(), []

    def run_on():
        while not stop.is_set():
            handler.run(job_id)
            ran.append(1)
            stop.wait(0.02)
    thread = threading.Thread(target=run_on)
    thread.start()
    for _ in range(3):
        said = admin("seal-key", "rotate", keys.private, **redis.settings())
        assert said.strip() == "sealed anew: 1; not opened: 0"
        before = len(hook.calls)
        hook.wait_for_calls(before + 5)
    stop.set()
    thread.join()
    calls = hook.wait_for_calls(len(ran), 30)
    assert {call.headers["a"] for call in calls} == {VALUE}
    put_secret(handler, "later", "sealed with the newest", at(hook.url), http=True)
    assert run_once(handler, hook.url, headers={"A": "{{secret.later}}"})["outcome"] == "succeeded"


def test_wrong_key_file_sends_nothing(handler, make_runner, home, hook):
    other = home / "other"
    other.mkdir()
    put_secret(handler, "token", VALUE, at(hook.url), http=True)
    make_runner(SECRETS_KEY=Keys(other).private)
    execution = run_once(handler, hook.url, headers={"A": "{{secret.token}}"})
    assert execution["error_class"] == "secret" and "lacks the key" in execution["error"]
    assert not hook.calls


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_key_file_that_others_may_read_is_refused(make_runner, keys, mode):
    keys.private.chmod(mode)
    runner = make_runner(wait=False, **keys.settings)
    assert runner.exit_code() != 0 and "chmod 600" in runner.err


def test_what_was_changed_in_redis_does_not_open(handler, runner, redis, hook, own_target):
    """Who can write to Redis can neither exchange secrets nor send them elsewhere."""
    put_secret(handler, "token", VALUE, at(hook.url), http=True)
    put_secret(handler, "other", "another value", at(hook.url), http=True)
    evil = own_target.hook()
    with redis.client() as db:
        stored = db.hget("dronc:secret:{default}", "token").decode()
        db.hset("dronc:secret:{default}", "token", stored.replace(at(hook.url), at(evil.url)))
        db.hset("dronc:secret:{default}", "other", stored)
        db.hincrby("dronc:secret:{default}", "#", 1)
        db.publish("dronc:wake", "sealed secret")
    for api, name in ((evil.url, "token"), (hook.url, "other")):
        execution = run_once(handler, api, headers={"A": "{{secret." + name + "}}"})
        assert execution["error_class"] == "secret" and "was changed" in execution["error"], execution
    assert not evil.calls and not hook.calls


# --- dronc-admin --------------------------------------------------------------------------------------------------------


def test_operator_stores_secrets_without_the_api(keys, redis, handler, runner, hook):
    settings = redis.settings(**keys.settings)
    assert admin("secret", "set", "token", "--hosts", at(hook.url), "--http", "yes", stdin=VALUE + "\n", **settings) == "token version 1\n"
    assert run_once(handler, hook.url, headers={"A": "{{secret.token}}"})["outcome"] == "succeeded"
    listed = admin("secret", "list", **settings)
    assert "token" in listed and at(hook.url) in listed and PLAIN.decode() not in listed
    admin("secret", "rm", "token", **settings)
    assert admin("secret", "rm", "token", check=False, **settings).returncode == 1
    assert admin("secret", "set", "token", "--hosts", "a b", stdin="x", check=False, **settings).returncode == 2
    assert admin("secret", "set", "token", "--hosts", "h", stdin="a\nb", check=False, **settings).returncode == 2


def test_seal_key_is_not_overwritten(keys):
    before = keys.private.read_bytes()
    done = admin("seal-key", "new", keys.private, check=False)
    assert done.returncode == 1 and "is there already" in done.stderr
    assert keys.private.read_bytes() == before and keys.private.stat().st_mode & 0o777 == 0o600


# --- what stands in definitions in clear --------------------------------------------------------------------------------

CLEAR = {"schedule": NEVER_SOON, "type": "ATLEAST_ONCE", "api": "https://ann:pw-7f3a90c1d2@example.com/x?y=1",
         "on_failure_url": "https://token-7f3a90c1d2@example.com/f", "on_recovery_url": "https://example.com/r",
         "headers": {"authorization": "Bearer 7f3a90c1d2", "X-Kept": "yes"}}


def keyed(redis, *scopes):
    """Headers with a key of these scopes."""
    return {"authorization": "Bearer " + api_key(redis.settings(), "--scopes", ",".join(scopes))}


def test_keys_without_secrets_read_see_no_passwords_and_no_tokens(handler, redis):
    every = {"authorization": "Bearer " + api_key(redis.settings())}
    blind = keyed(redis, "jobs:read", "jobs:write", "export")
    seeing = keyed(redis, "jobs:read", "export", "secrets:read")
    job_id = handler.request("POST", "/v1/schedule/api-caller", json.dumps(CLEAR), {"content_type": "application/json", **every}).json["job_id"]
    for method, uri, body in (("GET", f"/v1/jobs/{job_id}", None), ("GET", "/v1/jobs", None), ("GET", "/v1/jobs:export", None),
                              ("PATCH", f"/v1/jobs/{job_id}?dry_run=true", '{"description":"x"}'), ("PATCH", f"/v1/jobs/{job_id}", '{"description":"y"}'),
                              ("POST", f"/v1/jobs/{job_id}/pause", "{}")):
        answer = handler.request(method, uri, body, {**blind, **({"content_type": "application/json"} if body else {})})
        assert answer.status == 200 and PLAIN not in answer.body, (method, uri, answer)
        if method == "GET":
            assert PLAIN in handler.request(method, uri, headers=seeing).body
    shown = json.loads(handler.request("GET", f"/v1/jobs/{job_id}", headers=blind).body)
    assert shown["api"] == "https://ann:***@example.com/x?y=1" and shown["on_failure_url"] == "https://***@example.com/f"
    assert shown["on_recovery_url"] == CLEAR["on_recovery_url"] and shown["headers"] == {"X-Kept": "yes", "authorization": "***"}


def test_without_keys_this_machine_sees_all_as_before(handler):
    job_id = handler.post(CLEAR).json["job_id"]
    assert handler.job(job_id).json["api"] == CLEAR["api"] and PLAIN in handler.export()


@pytest.mark.parametrize(("fields", "words"), [
    ({"api": "https://u:p@h/"}, "a URL holds a password"), ({"on_failure_url": "https://t@h/"}, "a URL holds a password"),
    ({"headers": {"AUTHORIZATION": "Bearer x"}}, "Authorization holds its value in clear"),
    ({"headers": {"Authorization": "Bearer {{job_id}}"}}, "Authorization holds its value in clear"),
    ({"headers": {"Authorization": "Bearer {{secret.x}}"}}, None), ({"headers": {"X-A": "Bearer x"}}, None), ({}, None)])
def test_post_warns_of_what_stands_in_clear(handler, fields, words):
    warnings = handler.post({"schedule": NEVER_SOON, "api": "https://h/", "type": "ATLEAST_ONCE", **fields}).json.get("warnings", [])
    assert [words in warning for warning in warnings] == ([True] if words else [])


def test_only_secrets_write_changes_them(handler, redis):
    put = json.dumps({"value": "x", "hosts": ["h"]})
    typed = {"content_type": "application/json"}
    writer, other = keyed(redis, "secrets:write"), keyed(redis, "jobs:read", "jobs:write", "secrets:read", "export")
    for method, uri, body, good in (("PUT", "/v1/secrets/a", put, 201), ("GET", "/v1/secrets", None, 200), ("DELETE", "/v1/secrets/a", None, 204),
                                    ("POST", "/v1/signing/a", "{}", 201), ("DELETE", "/v1/signing/a", None, 204)):
        assert handler.request(method, uri, body, {**other, **typed}).status == 403
        assert handler.request(method, uri, body, {**writer, **typed}).status == good
