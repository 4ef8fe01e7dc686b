"""GET /openapi.json: the document as such, and everything in it asked of a handler.

The walk knows nothing of single paths but what is in CONFLICTS: a path that is added to the document is walked by itself.
"""
import gzip
import json
import re
import time
from urllib.parse import urlencode

import pytest

from harness import ROOT, admin, at_second, id_bytes, job_key, key_of, sanitizer_reports, soon, wait_for
from openapi import CHECKED, TOLD
from planted import plant_dead
from world import BASE, DOCUMENT, OPERATIONS, START, World

WITH_BODY = [op for op in OPERATIONS if op.json_body]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PROBLEM = "application/problem+json"


def every(operations):
    return pytest.mark.parametrize("op", operations, ids=str)


# --- the document -------------------------------------------------------------------------------------------------


def test_document_is_served_and_may_be_kept(stack):
    answer = stack.get("/openapi.json")
    assert (answer.status, answer.json, answer.headers["cache-control"]) == (200, DOCUMENT.content, "no-cache")
    tag = answer.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = stack.get("/openapi.json", if_none_match=known)
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert stack.get("/openapi.json", if_none_match='"other"').status == 200
    head = stack.request("HEAD", "/openapi.json")
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", tag)


def test_document_has_the_parts_that_openapi_asks_for():
    content = DOCUMENT.content
    assert set(content) <= {"openapi", "info", "servers", "tags", "security", "paths", "components"}
    assert re.fullmatch(r"3\.1\.\d+", content["openapi"]) and content["info"]["title"] and content["info"]["version"]
    assert set(content["components"]) <= {"securitySchemes", "schemas", "parameters", "requestBodies", "responses", "headers"}
    ids = [op.node["operationId"] for op in OPERATIONS]
    assert len(ids) == len(set(ids))


def test_references_lead_somewhere_and_every_component_is_used():
    refs = set(DOCUMENT.refs())
    for ref in refs:
        DOCUMENT.at(ref)
    unused = [f"{kind}/{name}" for kind, parts in DOCUMENT.content["components"].items() for name in parts
              if kind != "securitySchemes" and not any((ref + "/").startswith(f"#/components/{kind}/{name}/") for ref in refs)]
    assert not unused


@every(OPERATIONS)
def test_operation_is_well_formed(op):
    assert set(op.node) <= {"operationId", "tags", "summary", "description", "parameters", "requestBody", "responses", "security"}
    assert set(op.node["tags"]) <= {tag["name"] for tag in DOCUMENT.content["tags"]}
    assert op.path.startswith("/") and op.method in METHODS
    places = [(p["in"], p["name"]) for p in op.params]
    assert len(places) == len(set(places))
    assert re.findall(r"\{(\w+)\}", op.path) == [p["name"] for p in op.params_in("path")]
    for p in op.params:
        assert p["in"] in ("path", "query", "header") and p["schema"] and p["description"]
        assert p["in"] != "path" or p["required"] is True
    for status, response in op.responses.items():
        assert status == "default" or 200 <= int(status) <= 599
        assert response["description"] and all(c["schema"] for c in response.get("content", {}).values())
        if status == "default" or int(status) in range(400, 501):
            assert set(response["content"]) == {"application/json", PROBLEM}, "both forms of an error"
            assert response["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}
            assert response["content"][PROBLEM]["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert any(200 <= status < 300 for status in op.statuses) and "default" in op.responses


def test_schemas_say_nothing_that_is_not_checked_here():
    for place, schema in DOCUMENT.schemas():
        assert set(schema) <= CHECKED | TOLD, place


def test_examples_and_defaults_are_what_they_stand_for():
    for place, schema in DOCUMENT.schemas():
        for value in schema.get("examples", []) + ([schema["default"]] if "default" in schema else []):
            assert not list(DOCUMENT.mistakes(schema, value, place))
    for op in OPERATIONS:
        for p in op.params:
            if "example" in p:
                assert not list(DOCUMENT.mistakes(p["schema"], p["example"], f"{op} {p['name']}"))
        for kind, content in (op.body or {"content": {}})["content"].items():
            assert not list(DOCUMENT.mistakes(content["schema"], content["example"], f"{op} {kind}"))


def test_codes_that_no_resource_knows_are_those_of_the_front():
    known = re.findall(r'\[API_\w+\] = \{"(\w+)"', (ROOT / "fcgi" / "http" / "api_error.c").read_text())
    site = (ROOT / "nginx" / "dronc.conf").read_text() + (ROOT / "fcgi" / "serve" / "intake.c").read_text()
    for code in DOCUMENT.content["components"]["schemas"]["ErrorCode"]["enum"]:
        assert code in known or f'"{code}"' in site


# --- the world that is walked -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def world(base):
    made = World(base / "openapi")
    yield made
    made.close()
    reports = sanitizer_reports(base / "openapi")
    assert not reports, "\n".join(reports)


# --- good requests ------------------------------------------------------------------------------------------------


@every(OPERATIONS)
def test_operation_works_with_its_examples(world, op):
    """All parameters at once, and each kind of body."""
    for kind, body in list(op.bodies()) or [(None, None)]:
        job_id = world.job()
        answer = world.ask(op, job_id, world.examples(op, job_id), body, kind)
        assert 200 <= answer.status < 300, answer


@every(OPERATIONS)
def test_operation_works_with_each_parameter_alone(world, op):
    job_id = world.job()
    required = world.examples(op, job_id, required_only=True)
    for name, value in world.examples(op, job_id).items():
        answer = world.ask(op, job_id, {**required, name: value})
        assert 200 <= answer.status < 300, answer


@every([op for op in OPERATIONS if any(p["schema"].get("type") == "integer" for p in op.params_in("query"))])
def test_whole_numbers_may_be_written_in_any_way(world, op):
    job_id = world.job()
    query = world.examples(op, job_id)
    for p in op.params_in("query"):
        if p["schema"].get("type") == "integer":
            for text in (f"{p['example']}.0", f"{p['example']}e0", f"{p['example']}00e-2", "0.1e1"):
                assert world.ask(op, job_id, {**query, p["name"]: text}).status == 200, text


@every([op for op in OPERATIONS if any(p["name"] == "cursor" for p in op.params)])
def test_pages_go_on_by_their_cursor(world, op):
    job_ids = [world.job() for _ in range(5)]
    for _ in range(5):
        world.plant(*job_ids)
    plant_dead(world.db, [(job_id, START + n) for job_id in job_ids for n in range(5)])
    start = {"limit": 2} if any(p["name"] == "limit" for p in op.params) else {"before": "2100-01-01T00:00:00Z"}
    schema, = (p["schema"] for p in op.params if p["name"] == "cursor")
    for query in (start, {**start, "job_id": job_ids[0]}) if any(p["name"] == "job_id" for p in op.params) else (start,):
        for _ in range(3):
            page = world.ask(op, job_ids[0], query).json
            if not page.get("next_cursor"):
                break
            query = {**query, "cursor": page["next_cursor"]}
            assert not list(DOCUMENT.mistakes(schema, query["cursor"], f"{op} cursor"))
        assert "limit" not in query or "cursor" in query, "there were more pages than one"


@every([op for op in OPERATIONS if op.method == "GET"])
def test_head_is_get_without_the_body(world, op):
    job_id = world.job()
    uri = world.uri(op, job_id, world.examples(op, job_id, required_only=True))
    get, head = world.handler.get(uri), world.handler.request("HEAD", uri)
    assert (head.status, head.body, head.headers["content-type"]) == (get.status, b"", get.headers["content-type"])


@pytest.mark.parametrize("path", list(DOCUMENT.content["paths"]))
def test_other_methods_are_405_and_allow_names_those_that_are_described(world, path):
    here = {op.method: op for op in OPERATIONS if op.path == path}
    uri = world.uri(next(iter(here.values())), world.job())
    for method in METHODS:
        if method not in here:
            answer = world.handler.request(method, uri)
            assert (answer.status, answer.code) == (405, "METHOD_NOT_ALLOWED")
            assert set(answer.headers["allow"].split(", ")) == set(here) | ({"HEAD"} if "GET" in here else set())


def records_of_all_kinds(world, job_id):
    """As runners write them: of a call with all its timings, of failures, and of what was not called."""
    tokens = ["o:s a:1 x:{x} t:12 h:200 l:7 p:1000,12000,10,20,30 z:512 b:1 r:web-1", "o:f a:1 x:{x} t:5 h:503 l:2 r:web-1 c:http e:status 503",
              "o:u a:1 x:{x} t:5 h:0 l:2 r:web-1 c:response e:broke off", "o:l a:1 x:0 t:0 h:0 l:0 c:lost e:the runner died",
              "o:m a:0 x:0 t:0 h:0 l:90000 u:{u} n:7 r:web-1", "o:c a:2 x:0 t:0 h:0 l:5 r:web-1",
              "o:k a:1 x:0 t:0 h:0 l:0 c:overlap e:another one was under way"]
    for record in tokens:
        world.instant += 1000
        text = f"s:{world.instant} " + record.format(x=world.instant + 7, u=world.instant + 600)
        world.db.lpush(job_key(job_id, "history"), text)
        world.db.xadd(key_of(job_id, "executions"), {"j": id_bytes(job_id), "r": text}, id=f"{world.instant + 20}-*")


def test_records_of_all_kinds_are_described(world):
    job_id = world.job(tags=["a"], description="all kinds", headers={"X": "1"})
    records_of_all_kinds(world, job_id)
    outcomes = set()
    for op in OPERATIONS:
        if op.node["operationId"] in ("listExecutions", "listJobExecutions", "getJob"):
            answer = world.ask(op, job_id, {"limit": 200} if op.node["operationId"] != "getJob" else {})
            outcomes |= {e["outcome"] for e in answer.json.get("executions", []) if e["job_id"] == job_id}
    assert outcomes == set(DOCUMENT.content["components"]["schemas"]["Outcome"]["enum"])


def test_what_life_makes_of_a_job_is_described(stack, hook):
    """A call, a failure, a warning, a pause with a note: with a runner."""
    by_id = {op.node["operationId"]: op for op in OPERATIONS}
    instant = soon()
    job_ids = [stack.schedule(at_second(instant), url) for url in (hook.url, "http://127.0.0.1:9/")]
    for job_id in job_ids:
        execution = stack.wait_for_executions(job_id)[0]
        by_id["getExecution"].check(stack.get(f"/v1/executions/{execution['id']}"))
        by_id["getJob"].check(stack.job(job_id))
        by_id["listJobExecutions"].check(stack.job(job_id, "/executions"))
        by_id["explainInstant"].check(stack.job(job_id, "/why?" + urlencode({"at": f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(instant))}"})))
    by_id["listExecutions"].check(stack.get("/v1/track/executions?limit=200"))
    by_id["listJobs"].check(stack.get("/v1/jobs?limit=200"))
    doubtful = stack.post({"schedule": "*/40 0 29 2 *", "api": hook.url, "type": "ATMOST_ONCE"})
    by_id["scheduleJob"].check(doubtful)
    by_id["pauseJob"].check(stack.pause(doubtful.json["job_id"], {"note": "why not"}))
    by_id["explainInstant"].check(stack.job(doubtful.json["job_id"], "/why?at=2104-02-29T00:00:00Z"))
    by_id["previewSchedule"].check(stack.get("/v1/schedule/preview?" + urlencode(
        {"schedule": "30 2 * * *", "timezone": "America/New_York", "from": "2026-03-08T06:00:00Z"})))


def test_a_job_that_is_broken_is_described(world):
    job_id = world.job()
    world.break_job(job_id)
    for op in OPERATIONS:
        if op.node["operationId"] in ("getJob", "listJobs"):
            assert "BROKEN" in world.ask(op, job_id, {"limit": 200} if op.path == "/v1/jobs" else {}).body.decode()


# --- every status -------------------------------------------------------------------------------------------------


def conflict_of_definition(world, op):
    """Its id belongs to a job that was changed since."""
    body = {**BASE, "api": f"http://127.0.0.1:9/conflict/{world.count}"}
    job_id = world.handler.schedule(body["schedule"], body["api"], body["type"])
    world.handler.patch(job_id, {"schedule": "@daily"})
    return world.ask(op, body=json.dumps(body))


def conflict_of_dead(world, op):
    """Its job is paused."""
    job_id = world.job()
    world.handler.pause(job_id)
    return world.ask(op, job_id)


def conflict_of_job(world, op):
    """It is BROKEN."""
    job_id = world.job()
    world.break_job(job_id)
    return world.ask(op, job_id)


def conflict_of_new_key(world, op):
    """The certificate is a key already."""
    body = json.dumps({"name": "a machine", "scopes": ["jobs:read"], "cert_dn": f"CN=machine {world.count}"})
    world.ask(op, body=body)
    return world.ask(op, body=body)


def conflict_of_key(world, op):
    """It is a certificate, and has no token."""
    made = admin("key", "create", "--scopes", "jobs:read", "--cert-dn", f"CN=other {world.count}", **world.redis.settings())
    return world.ask(op, entry=made.stdout.strip())


def conflict_of_secret(world, op):
    """As many secrets are stored as there may be."""
    full = {f"n{n}": "1 {}" for n in range(1000)}
    world.db.hset("dronc:secret:{default}", mapping={**full, "#": 1})
    try:
        return world.ask(op, entry="one-more")
    finally:
        world.empty()


def conflict_of_signing(world, op):
    """Three keys of the name are alive."""
    name = world.secret()
    for _ in range(2):
        world.ask(op, entry=name)
    return world.ask(op, entry=name)


CONFLICTS = {"setSecret": conflict_of_secret, "makeSigningKey": conflict_of_signing, "scheduleJob": conflict_of_definition, "redriveDead": conflict_of_dead, "createKey": conflict_of_new_key, "rotateKey": conflict_of_key}


def ask_without_a_key(world, op):
    return world.ask(op, authorization=None)


def ask_with_a_weak_key(world, op):
    return world.ask(op, authorization=f"Bearer {world.weak_token}")


def succeed(world, op):
    job_id = world.job()
    return world.ask(op, job_id, world.examples(op, job_id))


def make_anew(world, op):
    """What has its name from its client needs one that nothing has."""
    return world.ask(op, entry=f"new-{world.count}") if op.method == "PUT" else succeed(world, op)


def find_it_unchanged(world, op):
    job_id = world.job()
    return world.ask(op, job_id, if_none_match=world.ask(op, job_id).headers["etag"])


def send_an_unknown_parameter(world, op):
    return world.ask(op, query={"nonsense": 1})


def ask_for_what_is_not_there(world, op):
    entry = world.uri(op, "capi:" + "0" * 64).split("/")[3]
    world.empty()
    return world.ask(op, entry=entry)


def conflict(world, op):
    return CONFLICTS.get(op.node["operationId"], conflict_of_job)(world, op)


def name_another_version(world, op):
    if op.method == "POST":
        world.ask(op)  # so that there is a job of the example's name
    body = json.dumps({**json.loads(next(op.bodies())[1]), "description": "another"}) if op.body else None
    return world.ask(op, body=body, if_match='"999"')


def use_a_key_for_another_body(world, op):
    key = f"key-{world.count}"
    world.ask(op, idempotency_key=key)
    body = json.dumps({**json.loads(next(op.bodies())[1]), "description": "another"})
    return world.ask(op, body=body, idempotency_key=key)


def send_too_much(world, op):
    schema = DOCUMENT.flat(next(iter(op.body["content"].values()))["schema"])
    return world.ask(op, body=" " * (schema.get("maxLength", 65536) + 1))


def send_a_long_query(world, op):
    return world.ask(op, query={"nonsense": "x" * 8192})


def send_no_json(world, op):
    return world.ask(op, kind="text/plain")


def ask_while_redis_is_away(world, op):
    job_id = world.job()
    uri = world.uri(op, job_id)  # which plants what it names
    entry, query = uri.split("/")[3] if "{id}" in op.path else None, world.examples(op, job_id)
    world.redis.pause()
    try:
        return world.ask(op, job_id, query, entry=entry)
    finally:
        world.redis.resume()
        wait_for(lambda: world.handler.get("/health/deep").status == 200)


def find_no_room(world, op):
    """For what is kept of a request with a key."""
    world.db.hset("dronc:idem:used", str((int(time.time()) + 86400) * 1000), 10**12)
    try:
        return world.ask(op, idempotency_key=f"key-{world.count}")
    finally:
        world.db.delete("dronc:idem:used")


WAYS = {200: succeed, 201: make_anew, 202: succeed, 204: succeed, 304: find_it_unchanged, 400: send_an_unknown_parameter,
        401: ask_without_a_key, 403: ask_with_a_weak_key,
        404: ask_for_what_is_not_there, 409: conflict, 412: name_another_version, 413: send_too_much, 414: send_a_long_query, 415: send_no_json,
        422: use_a_key_for_another_body,
        500: ask_while_redis_is_away, 503: ask_while_redis_is_away, 507: find_no_room}


@every(OPERATIONS)
def test_every_status_that_is_described_can_be_had(world, op):
    for status in op.statuses:
        assert status in WAYS, f"{op}: say in WAYS how a {status} is to be had"
        answer = WAYS[status](world, op)
        assert answer.status == status, (op, status, answer)


@every([op for op in OPERATIONS if op.body])
def test_bodies_are_taken_as_they_are(world, op):
    """Compressed or not: one that says that it is coded is neither unpacked nor read."""
    body = next(op.bodies())[1]
    for coding in ("gzip", "GZIP", "br", "deflate, identity", "identity, gzip", "nonsense;q=1"):
        for text in (body, gzip.compress(body.encode())):
            answer = world.ask(op, body=text, content_encoding=coding)
            assert (answer.status, answer.code) == (415, "UNSUPPORTED_MEDIA_TYPE"), coding
            assert "Content-Encoding" in answer.error["message"]
    for coding in ("identity", "Identity, identity", "", " , "):
        assert 200 <= world.ask(op, body=body, content_encoding=coding).status < 300, coding


@every([op for op in OPERATIONS if 304 in op.statuses])
def test_tags_that_were_made_weak_on_the_way_are_known(world, op):
    """Whatever compresses an answer on its way turns "1" into W/"1"; RFC 9110, 13.1.2 asks for the weak comparison."""
    job_id = world.job()
    tag = world.ask(op, job_id).headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", W/{tag}', "*"):
        answer = world.ask(op, job_id, if_none_match=known)
        assert (answer.status, answer.headers["etag"]) == (304, tag), known
    for other in ('"other"', 'W/"other"', f"W{tag}", f"w/{tag}", tag.strip('"')):
        assert world.ask(op, job_id, if_none_match=other).status == 200, other


@every([op for op in OPERATIONS if 412 in op.statuses and op.params_in("path")])
def test_tags_that_are_weak_change_nothing(world, op):
    """RFC 9110, 13.1.1: the strong comparison."""
    for tag in ('W/"1"', 'W/"2", W/"1"', "1"):
        assert world.ask(op, if_match=tag).status == 412, tag
    assert 200 <= world.ask(op, if_match='W/"1", "1"').status < 300


@every([op for op in OPERATIONS if 400 in op.statuses])
def test_errors_are_described_in_both_forms(world, op):
    answer = world.ask(op, query={"nonsense": 1}, accept=PROBLEM)
    assert (answer.status, answer.headers["content-type"]) == (400, PROBLEM)
    assert answer.any_json["field"] == "nonsense"


# --- bad parameters -----------------------------------------------------------------------------------------------


def bad_texts(schema):
    """What a parameter must not be."""
    if schema.get("type") == "integer":
        yield from ("x", "", "1.5")
        if "minimum" in schema:
            yield schema["minimum"] - 1
        if "maximum" in schema:
            yield schema["maximum"] + 1
    if {"enum", "pattern"} & set(schema) or schema.get("format") == "date-time" or schema.get("type") == "boolean":
        yield from ("nonsense", "")
    if schema.get("minLength"):
        yield ""
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1)


@every([op for op in OPERATIONS if op.params_in("query")])
def test_bad_parameters_are_refused_by_name(world, op):
    job_id = world.job()
    required = world.examples(op, job_id, required_only=True)
    for p in op.params_in("query"):
        values = [*bad_texts(DOCUMENT.flat(p["schema"])), *(["nonsense"] if p["name"] == "cursor" else [])]
        queries = [{**required, p["name"]: value} for value in values]
        if p.get("required"):
            queries.append({name: value for name, value in required.items() if name != p["name"]})
        for query in queries:
            answer = world.ask(op, job_id, query)
            assert (answer.status, answer.error.get("field")) == (400, p["name"]), (query, answer)


@every([op for op in OPERATIONS if 400 in op.statuses])
def test_parameters_that_are_unknown_or_there_twice_are_refused_by_name(world, op):
    job_id = world.job()
    answer = world.ask(op, job_id, {"nonsense": 1})
    assert (answer.status, answer.error["field"]) == (400, "nonsense")
    for name, value in world.examples(op, job_id).items():
        answer = world.ask(op, job_id, [(name, value), (name, value)])
        assert (answer.status, answer.error["field"]) == (400, name)


@every([op for op in OPERATIONS if op.params_in("path")])
def test_ids_that_are_none_are_404(world, op):
    named = any(p["schema"].get("$ref", "").endswith("/SecretName") for p in op.params_in("path"))  # by its client
    for entry in ("capi:" + "0" * 63, "%00", *(() if named and op.body else ("nonsense",))):
        answer = world.ask(op, entry=entry)
        assert answer.status == (400 if named and entry != "nonsense" else 404), answer


# --- bodies -------------------------------------------------------------------------------------------------------


def fields_of(op):
    """{name: schema} of a body."""
    schema = DOCUMENT.flat(next(iter(op.body["content"].values()))["schema"])
    found = {}
    for part in [schema, *map(DOCUMENT.flat, schema.get("allOf", []))]:
        found.update(part.get("properties", {}))
    return {name: DOCUMENT.flat(next((s for s in f.get("anyOf", []) if s.get("type") != "null"), f)) for name, f in found.items()}


def bad_values(schema):
    """What a field must not be."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    yield {} if "array" in kinds else []
    if "boolean" not in kinds:
        yield True
    if {"enum", "pattern"} & set(schema):
        yield "nonsense"
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1)
    if schema.get("minLength"):
        yield ""
    if "minimum" in schema:
        yield from (schema["minimum"] - 1, schema["minimum"] + 0.5, str(schema["minimum"]))
    if "maximum" in schema:
        yield schema["maximum"] + 1
    if "object" in kinds:
        yield {"nonsense\n": {}}
    if "array" in kinds:
        yield from ([f"{n}" for n in range(schema["maxItems"] + 1)], ["twice", "twice"], [1])


def good_values(schema):
    """The ends of what a field may be, as far as they are known here."""
    yield from schema.get("enum", [])
    for end in ("minimum", "maximum"):
        if end in schema:
            yield from (schema[end], float(schema[end]))  # 100.0 is an integer, as JSON Schema has it
    if schema["type"] == "boolean":
        yield from (True, False)
    if "maxLength" in schema and schema.get("minLength", 0) <= 1 and not {"format", "examples", "contentEncoding"} & set(schema):
        yield "x" * schema["maxLength"]
    if schema["type"] == "array":
        yield [f"{n}" for n in range(schema["maxItems"])]


def base_of(op, world):
    """A body that is good by itself."""
    world.count += 1
    return {**BASE, "api": f"http://127.0.0.1:9/body/{world.count}"} if op.method == "POST" and "schedule" in fields_of(op) else {}


@every(WITH_BODY)
def test_bad_fields_are_refused_by_name(world, op):
    job_id = world.job()
    for name, schema in fields_of(op).items():
        for value in bad_values(schema):
            answer = world.ask(op, job_id, body=json.dumps({**base_of(op, world), name: value}))
            assert (answer.status, answer.error.get("field")) == (400, name), (name, value, answer)


@every([op for op in WITH_BODY if "schedule" in fields_of(op)])
def test_fields_may_be_all_that_is_described(world, op):
    for name, schema in fields_of(op).items():
        for value in good_values(schema) if name not in ("name", "timezone") else []:
            answer = world.ask(op, body=json.dumps({**base_of(op, world), name: value}))
            assert 200 <= answer.status < 300, (name, value, answer)


@every([op for op in WITH_BODY if op.method == "POST" and "schedule" in fields_of(op)])
def test_fields_that_are_required_have_to_be_there(world, op):
    schema = DOCUMENT.flat(next(iter(op.body["content"].values()))["schema"])
    for name in schema["required"]:
        body = {k: v for k, v in base_of(op, world).items() if k != name}
        for bad in (body, {**body, name: None}):
            answer = world.ask(op, body=json.dumps(bad))
            assert (answer.status, answer.error["field"]) == (400, name)


@every(WITH_BODY)
def test_bodies_that_are_none_are_refused(world, op):
    for body in ("{", "[]", "1", '{"a":1,"a":2}', '{"nonsense":1}', "\ufeff{}"):
        assert world.ask(op, body=body).status == 400, body
    empty = world.ask(op, body=b"").status
    assert (empty == 400) == op.body["required"], "it may be left out only where that is described"
