"""Signed calls: what the official library of Standard Webhooks accepts and refuses, keys that rotate, and who may see what of them."""
import base64
import random
import subprocess

import pytest

from harness import NEVER_SOON, at_second, soon, wait_for
from sealing import ended, make_key, webhook
from sealing import handler, keys, runner  # noqa: F401 (fixtures)
from target import redirect, status


def verify(call, key):
    """Does the official library accept the call? It raises if not."""
    return webhook(key).verify(call.body, call.headers, json_parse=False)


def refused(call, key, body=None, **headers):
    try:
        changed = {**call.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        webhook(key).verify(call.body if body is None else body, {k: v for k, v in changed.items() if v is not None}, json_parse=False)
    except Exception as e:  # noqa: BLE001 (each way to refuse is its own)
        return type(e).__name__
    return None


def test_call_is_signed_and_the_official_library_accepts_it(handler, runner, hook):
    key = make_key(handler, "orders")
    assert key["key"].startswith("whsec_") and key["scheme"] == "v1" and "public_key" not in key
    job_id = handler.schedule(NEVER_SOON, hook.url, method="POST", body='{"at":"{{scheduled_time}}"}', signing="orders",
                              headers={"Content-Type": "application/json"})
    assert handler.job(job_id).json["signing"] == "orders"
    handler.run(job_id)
    call, = hook.wait_for_calls()
    verify(call, key["key"])
    assert call.headers["webhook-id"] == call.key
    assert call.headers["webhook-signature"].split(",")[0] == "v1"


def test_what_is_not_to_be_signed_is_not(handler, runner, hook):
    make_key(handler, "orders")
    job_id = handler.schedule(NEVER_SOON, hook.url)
    handler.run(job_id)
    call, = hook.wait_for_calls()
    assert not [name for name in call.headers if name.startswith("webhook-")]


def test_job_cannot_set_the_headers_of_a_signature(handler, runner, hook):
    key = make_key(handler, "orders")
    job_id = handler.schedule(NEVER_SOON, hook.url, signing="orders",
                              headers={"webhook-signature": "v1,forged", "Webhook-Id": "forged", "WEBHOOK-TIMESTAMP": "1"})
    handler.run(job_id)
    call, = hook.wait_for_calls()  # which refuses a header that comes twice
    verify(call, key["key"])
    job_id = handler.schedule(NEVER_SOON, hook.url, headers={"webhook-signature": "v1,forged"})
    handler.run(job_id)
    assert "webhook-signature" not in hook.wait_for_calls(2)[1].headers


# --- the bar: 1,000 calls of all kinds are accepted, 4,000 tampered ones refused ---------------------------------------


def plant(handler, target, number):
    """A job of one kind of many, and how many requests of it arrive signed."""
    hook, kind = target.hook(), number % 8
    more = {"signing": "orders", "type": "ATLEAST_ONCE", "retry": {"min_backoff_ms": 10, "max_backoff_ms": 20}}
    body = {"method": "POST", "body": f"body {number} ü {{{{attempt}}}}"}
    if kind == 0:
        fields, count = {}, 1
    elif kind == 1:
        fields, count = body, 1
    elif kind == 2:
        fields, count = {"method": "PUT", "body_base64": base64.b64encode(f"bytes {number}".encode()).decode()}, 1
    elif kind == 3:
        hook.answers(status(500), status(500), status(200))
        fields, count = body, 3
    elif kind in (4, 5, 6):
        code, later = {4: 307, 5: 303, 6: 302}[kind], target.hook()
        hook.answers(redirect(later.url, code))
        return [hook, later], {**more, **body, "api": hook.url}, [1, 1]
    else:
        notice = target.hook()
        hook.answers(status(404))
        return [hook, notice], {**more, **body, "type": "ATMOST_ONCE", "api": hook.url, "on_failure_url": notice.url,
                                "pause_after_failures": 1}, [1, 1]
    return [hook], {**more, **fields, "api": hook.url}, [count]


def tamper(call, rng):
    """Four ways to change what was signed."""
    body, headers = bytearray(call.body or b"x"), call.headers
    body[rng.randrange(len(body))] ^= 1 << rng.randrange(7)
    at, signature = int(headers["webhook-timestamp"]), headers["webhook-signature"]
    coded = bytearray(base64.b64decode(signature[3:]))
    coded[rng.randrange(len(coded))] ^= 1 << rng.randrange(8)
    yield {"body": bytes(body)}
    yield {"webhook_id": headers["webhook-id"][:-1] + ("1" if headers["webhook-id"][-1] != "1" else "2")}
    yield {"webhook_timestamp": str(at + rng.choice((-301, -2, -1, 1, 2, 301)))}
    yield rng.choice(({"webhook_signature": "v1," + base64.b64encode(coded).decode()}, {"webhook_signature": None},
                      {"webhook_signature": "v1a," + signature[3:]}, {"webhook_signature": signature[:-4]}))


def test_calls_of_all_kinds_are_accepted_and_tampered_ones_refused(handler, runner, target):
    rng = random.Random(14)
    key = make_key(handler, "orders")["key"]
    hooks, wanted = [], []
    for number in range(720):
        places, fields, counts = plant(handler, target, number)
        answer = handler.post({"schedule": NEVER_SOON, "description": str(number), **fields})
        assert answer.status == 201, answer
        assert handler.run(answer.json["job_id"]).status == 202
        hooks += places
        wanted += counts
    total = sum(wanted)
    assert total >= 1000
    wait_for(lambda: sum(len(hook.calls) for hook in hooks) >= total, 120, "all calls")
    accepted = tampered = 0
    for hook in hooks:
        for call in hook.calls:
            verify(call, key)
            accepted += 1
            for change in tamper(call, rng):
                assert refused(call, key, **change), (call, change)
                tampered += 1
    assert accepted >= 1000 and tampered >= 4000
    assert refused(call, "whsec_" + base64.b64encode(bytes(32)).decode())


def test_redirect_that_drops_the_body_is_signed_without_it(handler, runner, target):
    key, first, later = make_key(handler, "orders")["key"], target.hook(), target.hook()
    first.answers(redirect(later.url, 303))
    job_id = handler.schedule(NEVER_SOON, first.url, method="POST", body="with a body", signing="orders")
    handler.run(job_id)
    call, = later.wait_for_calls()
    assert (call.method, call.body) == ("GET", b"")
    verify(call, key)


def test_signature_stays_with_its_origin(handler, runner, hook, own_target):
    make_key(handler, "orders")
    other = own_target.hook()
    hook.answers(redirect(other.url, 307))
    handler.run(handler.schedule(NEVER_SOON, hook.url, method="POST", body="x", signing="orders"))
    call, = other.wait_for_calls()
    assert not [name for name in call.headers if name.startswith("webhook-")]


# --- rotation -----------------------------------------------------------------------------------------------------------


def test_rotation_refuses_no_call_by_either_key(handler, runner, hook):
    old = make_key(handler, "orders")["key"]
    job_id = handler.schedule(NEVER_SOON, hook.url, method="POST", body="x", signing="orders")
    for _ in range(60):
        handler.run(job_id)
    new = make_key(handler, "orders")["key"]
    later = [handler.run(job_id).json for _ in range(60)]
    calls = hook.wait_for_calls(120, 60)
    for call in calls:
        verify(call, old)
    runs = {answer["execution_id"] for answer in later}
    newer = [call for call in calls if f"exec:{job_id[5:]}:{call.key.rsplit('-', 1)[1]}:1" in runs]
    assert len(newer) == 60
    for call in newer:
        verify(call, new)
        assert call.headers["webhook-signature"].count("v1,") == 2


def test_newest_key_signs_first_and_an_ended_one_no_more(handler, runner, hook):
    old, new = make_key(handler, "orders")["key"], make_key(handler, "orders", overlap_s=1)["key"]
    job_id = handler.schedule(NEVER_SOON, hook.url, signing="orders")
    handler.run(job_id)
    call = hook.wait_for_calls()[0]
    first = {**call.headers, "webhook-signature": call.headers["webhook-signature"].split(" ")[0]}
    webhook(new).verify(call.body, first, json_parse=False)

    def ended_one():
        known = len(hook.calls)
        handler.run(job_id)
        return refused(hook.wait_for_calls(known + 1)[-1], old)
    assert wait_for(ended_one, 10) == "WebhookVerificationError"
    verify(hook.calls[-1], new)


def test_fourth_key_is_refused_while_three_are_alive(handler):
    for _ in range(3):
        make_key(handler, "orders")
    answer = handler.request("POST", "/v1/signing/orders", "{}", {"content_type": "application/json"})
    assert (answer.status, answer.code) == (409, "CONFLICT")
    assert make_key(handler, "orders", overlap_s=0)["id"] == 4
    assert [key["id"] for key in handler.get("/v1/signing").json["signing"][0]["keys"]] == [4]


# --- v1a ----------------------------------------------------------------------------------------------------------------


def test_v1a_is_verified_by_openssl(handler, runner, hook, home):
    shown = make_key(handler, "orders", scheme="v1a")
    assert "key" not in shown and shown["public_key"].startswith("whpk_")
    handler.run(handler.schedule(NEVER_SOON, hook.url, method="POST", body='{"a":1}', signing="orders"))
    call, = hook.wait_for_calls()
    version, coded = call.headers["webhook-signature"].split(",")
    assert version == "v1a"
    content = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    spki = bytes.fromhex("302a300506032b6570032100") + base64.b64decode(shown["public_key"].removeprefix("whpk_"))
    (home / "public.der").write_bytes(spki)
    (home / "signature").write_bytes(base64.b64decode(coded))

    def openssl(signed):
        (home / "content").write_bytes(signed)
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", home / "public.der", "-keyform", "DER", "-rawin",
                               "-in", home / "content", "-sigfile", home / "signature"], capture_output=True, check=False).returncode
    assert openssl(content) == 0
    assert openssl(content + b" ") != 0


def test_both_schemes_sign_beside_each_other(handler, runner, hook):
    key = make_key(handler, "orders")["key"]
    make_key(handler, "orders", scheme="v1a")
    handler.run(handler.schedule(NEVER_SOON, hook.url, signing="orders"))
    call, = hook.wait_for_calls()
    assert [part.split(",")[0] for part in call.headers["webhook-signature"].split(" ")] == ["v1a", "v1"]
    verify(call, key)


# --- what is shown, and what fails --------------------------------------------------------------------------------------


def test_key_is_shown_once(handler, redis):
    key = make_key(handler, "orders")["key"]
    listed = handler.get("/v1/signing")
    assert listed.json["signing"][0]["name"] == "orders" and "whsec_" not in listed.body.decode()
    with redis.client() as db:
        assert key.removeprefix("whsec_").encode() not in db.dump("dronc:signing:{default}")


def test_jobs_are_listed_by_the_key_that_signs_them(handler):
    for name in ("orders", "bills"):
        make_key(handler, name)
    one = handler.schedule(NEVER_SOON, "http://h/1", signing="orders")
    handler.schedule(NEVER_SOON, "http://h/2", signing="bills")
    handler.schedule(NEVER_SOON, "http://h/3")
    assert handler.all_jobs(signing="orders") == [one]


def test_call_without_its_key_is_not_sent(handler, runner, hook):
    job_id = handler.schedule(NEVER_SOON, hook.url, signing="orders")
    handler.run(job_id)
    execution, = ended(handler, job_id)
    assert execution["error_class"] == "signing" and 'there is no signing key "orders"' in execution["error"]
    assert not hook.calls
    make_key(handler, "orders")
    handler.run(job_id)
    hook.wait_for_calls()
    handler.request("DELETE", "/v1/signing/orders")
    handler.run(job_id)
    assert ended(handler, job_id, 3)[-1]["error_class"] == "signing"
    assert len(hook.calls) == 1


def test_runner_without_the_file_of_keys_sends_nothing(handler, make_runner, hook):
    make_key(handler, "orders")
    make_runner()
    job_id = handler.schedule(at_second(soon()), hook.url, signing="orders")
    execution, = ended(handler, job_id)
    assert execution["error_class"] == "signing" and "no SECRETS_KEY" in execution["error"]


@pytest.mark.parametrize(("name", "body"), [("a%20b", "{}"), ("x" * 65, "{}"), ("n", '{"scheme":"v2"}'), ("n", '{"overlap_s":-1}'),
                                            ("n", '{"overlap_s":2592001}'), ("n", '{"key":"whsec_x"}'), ("n", "[]"), ("n", "{")])
def test_what_makes_no_key_is_refused(handler, name, body):
    answer = handler.request("POST", f"/v1/signing/{name}", body, {"content_type": "application/json"})
    assert answer.status == 400 and answer.code in ("VALIDATION_ERROR", "INVALID_REQUEST")


def test_without_a_key_to_seal_with_nothing_is_made(make_handler):
    answer = make_handler().request("POST", "/v1/signing/orders", "{}", {"content_type": "application/json"})
    assert (answer.status, answer.code) == (409, "CONFLICT") and "SECRETS_PUBLIC_KEY" in answer.error["message"]
