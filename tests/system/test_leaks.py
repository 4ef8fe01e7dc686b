"""What a request takes, it gives back: everything in openapi.json a thousand times, about jobs that own all that a job can own.

LeakSanitizer reports what nothing can reach any more, the handler's size of what piles up in reach. An operation that is added to the
document is walked by itself, with its examples; one with a body has to say in BODIES what is sent.
"""
import fcntl
import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from definitions import FIELDS, FULL
from harness import DIST, ROOT, SANITIZED, sanitizer_reports
from planted import plant_dead
from world import OPERATIONS, World

CALLS = 1000
ROUNDS = 5         # of so many calls: what a leak takes it takes each time, while the allocator of a sanitizer has enough in the end
BAD_CALLS = 20     # of each way to be refused
GROWTH_KB = 400    # what a size may differ by; a thousand leaks of half a kilobyte are more
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1:quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}


def a_definition(n):
    """Names that are new, known, or known with another definition."""
    return json.dumps({**FULL[n % 2], "name": f"hourly report {n % 3}", "description": f"version {n % 5}"})


def a_change(n):
    return json.dumps([{"description": f"version {n}"}, {"headers": {"X-Header-1": None, "X-New": str(n)}},
                       {"success": {"body_contains": str(n)}, "retry": {"max_attempts": n % 100 + 1}}, {"body": f"{n}" * 1000, "body_base64": None},
                       {"schedule": f"{n % 60} 0 0 29 2 ?", "tags": [f"{n}"], "jitter_ms": None}][n % 5])


def a_key(n):
    """With all that a key may have, or as little as it may."""
    much = {"from": ["127.0.0.0/8", "::1"], "not_before": "2026-01-01T00:00:00Z", "expires_at": "2099-01-01T00:00:00Z", "rate": 7, "burst": 9}
    return json.dumps({"name": f"key {n}", "scopes": ["jobs:read", "export"], **(much if n % 2 else {})})


BODIES = {
    "createKey": a_key,
    "rotateKey": lambda n: json.dumps({"overlap_s": n % 60}),
    "scheduleJob": a_definition,
    "scheduleJobs": lambda n: f"{a_definition(n)}\n{a_definition(n + 1)}\n{json.dumps({**FULL[0], 'name': ' bad '})}\n",
    "patchJob": a_change,
    "setSecret": lambda n: json.dumps({"value": "x" * (n % 4096 + 1), "hosts": [f"host-{m}" for m in range(n % 16 + 1)], "http": n % 2 == 0}),
    "makeSigningKey": lambda n: json.dumps({"scheme": ["v1", "v1a"][n % 2], "overlap_s": n % 9}),
    "createKey": lambda n: json.dumps({"name": f"key {n}", "scopes": ["jobs:read", "export"][:n % 2 + 1], "from": ["127.0.0.0/8", "::1"][:n % 2 + 1]}),
    "rotateKey": lambda n: json.dumps({"overlap_s": n}) if n % 2 else "",
    "pauseJob": lambda n: json.dumps({"note": "why not " * (n % 60)})}


# --- a handler that tells ----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sanitized():
    """dronc-fcgi under the sanitizers: the one that is tested, or one that is built here. Never none."""
    if SANITIZED:
        return DIST / "dronc-fcgi"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "DRONC_"))}
    (ROOT / "build").mkdir(exist_ok=True)
    with open(ROOT / "build" / "sanitize.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "SANITIZE=1", "dist/sanitize/dronc-fcgi"], cwd=ROOT, env=env, check=True)
    program = ROOT / "dist" / "sanitize" / "dronc-fcgi"
    assert b"__asan_init" in program.read_bytes()
    return program


def test_leaks_are_noticed_here(home):
    """Else all that follows would pass without a word."""
    (home / "leak.c").write_text("#include <stdlib.h>\nint main(void) { void *volatile p = malloc(7); p = 0; return p != 0; }\n")
    subprocess.run(["gcc", "-fsanitize=address", "-o", home / "leak", home / "leak.c"], check=True)
    done = subprocess.run([home / "leak"], env={**os.environ, **SANITIZERS}, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "LeakSanitizer: detected memory leaks" in done.stderr, done


def test_jobs_here_own_all_that_a_job_can_own():
    assert set().union(*FULL) == set(FIELDS)


@pytest.fixture(params=["sanitized", "as tested"])
def world(request, home, sanitized):
    """Redis does not write its file: none of this has to outlast it."""
    program, settings = (sanitized, SANITIZERS) if request.param == "sanitized" or SANITIZED else (DIST / "dronc-fcgi", {})
    made = World(home / "world", "--appendfsync", "no", program=program, **settings)
    yield made
    code = made.handler.terminate()
    reports = sanitizer_reports(home)
    made.close()
    assert not reports, "\n".join(reports)
    assert code == 0


# --- calling -----------------------------------------------------------------------------------------------------


def size_kb(pid):
    """What the process takes of the machine's memory."""
    return int(next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:")).split()[1])


def make_jobs(world):
    answers = [world.handler.post(job) for job in FULL]
    assert [answer.status for answer in answers] == [201, 201], answers
    return [answer.json["job_id"] for answer in answers]


def job_for(op, job_ids, n):
    """Only what is at least once dies."""
    return job_ids[0 if "dead" in op.node["tags"] else n % 2]


def prepare(world, op, job_id, n):
    """What an operation takes away is put there before, and there is room for what it makes."""
    if "/keys" in op.path and n % 200 == 0:
        world.forget_keys()
    if op.node["operationId"] in ("deleteJob", "resumeJob"):
        world.handler.post(FULL[n % 2])
        world.handler.pause(job_id)
    if "keys" in op.node["tags"] and n % 200 == 0:
        world.forget_keys()
    if "dead" in op.node["tags"] and "{id}" not in op.path:
        plant_dead(world.db, [(job_id, int(time.time() * 1000) + 1000 + i) for i in range(3)])


def send(world, op, job_id, n):
    """A good request."""
    prepare(world, op, job_id, n)
    query = world.examples(op, job_id, required_only=n % 2 == 0 and op.node["operationId"] != "deleteManyDead")
    headers = {"content_type": next(iter(op.body["content"]))} if op.body else {}
    body = BODIES[op.node["operationId"]](n) if op.body else None
    answer = world.handler.request(op.method, world.uri(op, job_id, query), body, headers)
    assert 200 <= answer.status < 300, (op, answer)
    if "etag" in answer.headers and op.method == "GET" and n % 4 == 0:
        assert world.handler.get(world.uri(op, job_id, query), if_none_match=answer.headers["etag"]).status == 304


BAD_WAYS = [
    dict(query={"nonsense": 1}), dict(entry="nonsense"), dict(entry="capi:" + "0" * 64), dict(body="{"), dict(body='{"nonsense":1}'),
    dict(body="[]"), dict(body=b""), dict(body='{"tags":["a","b"],"headers":{"a":"b"},"retry":{"max_attempts":0}}'), dict(content_type="text/plain"),
    dict(if_match='"999"'), dict(idempotency_key="é"), dict(idempotency_key="one key"), dict(accept="application/problem+json", query={"nonsense": 1})]


def send_badly(world, op, job_id, query=None, entry=None, body=None, **headers):
    """What is refused where it is looked at, after more or less of the work."""
    query = world.examples(op, job_id, required_only=True) if query is None else query
    if op.body:
        headers.setdefault("content_type", next(iter(op.body["content"])))
        body = BODIES[op.node["operationId"]](0) if body is None else body
    return world.handler.request(op.method, world.uri(op, job_id, query, entry), body, headers)


@pytest.mark.parametrize("op", OPERATIONS, ids=str)
def test_every_request_gives_back_what_it_takes(world, op):
    job_ids = make_jobs(world)
    for job_id in job_ids:
        world.plant(*[job_id] * 3)
    for n in range(CALLS // 5):
        send(world, op, job_for(op, job_ids, n), n)
    sizes = [size_kb(world.handler.pid)]
    while len(sizes) == 1 or sizes[-1] - sizes[-2] >= GROWTH_KB:
        assert len(sizes) <= ROUNDS, f"{op}: {sizes} kB, after {CALLS} calls each"
        for n in range(CALLS):
            send(world, op, job_for(op, job_ids, n), n)
        sizes.append(size_kb(world.handler.pid))


@pytest.mark.parametrize("op", OPERATIONS, ids=str)
def test_every_request_that_is_refused_gives_back_what_it_takes(world, op):
    job_ids = make_jobs(world)
    for n in range(BAD_CALLS):
        for way in BAD_WAYS:
            assert send_badly(world, op, job_ids[n % 2], **way).status < 500, way
    world.break_job(job_ids[0])
    for n in range(BAD_CALLS):
        assert send_badly(world, op, job_ids[0]).status < 500


@pytest.mark.parametrize("op", OPERATIONS, ids=str)
def test_every_request_that_redis_fails_gives_back_what_it_takes(world, op):
    job_id = make_jobs(world)[0]
    entry = world.uri(op, job_id).split("/")[3] if "{id}" in op.path else None
    query = world.examples(op, job_id)
    world.redis.kill()
    for n in range(BAD_CALLS):
        assert send_badly(world, op, job_id, query, entry, idempotency_key=f"key-{n}" if n % 2 else None).status in (200, 500, 503)
