"""A page in an operator's browser, of another site or by a rebound name: nothing is stored, run, read or changed. And a page of our own works.

A real Chromium sends what a page can send. What arrives at nginx is counted, so that a guard of the browser's own is not taken for ours.
"""
import socket
from urllib.parse import urlencode

import pytest

from door import Chromium, Door, Foreign
from harness import NEVER_SOON, snapshot, wait_for
from planted import plant_dead

SECRET = "a-header-of-a-job"
NAMES = ["evil.test", "rebound.test", "127.0.0.1.evil.com", "localhost.evil"]  # all of them lead to this machine
REFUSED = (403, 405, 415, 421)


@pytest.fixture
def job_id(handler, redis):
    """A job with a secret, and a dead letter of it that could be retried."""
    job_id = handler.schedule(NEVER_SOON, "http://127.0.0.1:9/victim", "ATLEAST_ONCE", headers={"X-Token": SECRET})
    with redis.client() as db:
        plant_dead(db, [(job_id, 1_700_000_000_000)])
    return job_id


@pytest.fixture
def visit(home):
    """Open pages one after the other; returns what they reported."""
    made = []

    def visit(urls_of):
        site = Foreign([])
        made.append(site)
        site.urls = urls_of(site)
        count = len(site.urls)
        made.append(Chromium(home, f"http://127.0.0.1:{site.port}/next", NAMES))
        try:
            wait_for(lambda: len(site.reports) == count, 120, "the reports of all pages")
        except AssertionError as late:
            raise AssertionError(f"{[report['page'] for report in site.reports]}: {made[-1].program.err[-2000:]}") from late
        return site.reports

    yield visit
    for thing in reversed(made):
        thing.close()


def page(origin, **query):
    return f"{origin}/pages/{query.pop('page', 'foreign')}.html?{urlencode(query)}"


def stored(db):
    """All that is in Redis but the trail of refused requests, which is to grow."""
    return {key: value for key, value in snapshot(db).items() if key != b"dronc:refusals"}


def assert_nothing_seen(reports):
    for report in reports:
        assert len(report["seen"]) >= 40, report["page"]
        for shape in report["seen"]:
            what = str(shape["what"])
            assert SECRET not in what and "capi:" not in what and " 20" not in what[:12], (report["page"], shape)
            assert what not in ("loaded", "opened"), (report["page"], shape)


def assert_all_refused(asked, atleast):
    """Of what arrived, pages and health excepted."""
    arrived = [(status, line) for status, line in asked if " /pages/" not in line and " /health" not in line and "/favicon.ico" not in line]
    assert len(arrived) >= atleast, f"only {len(arrived)} arrived"
    assert all(status in REFUSED for status, line in arrived), [entry for entry in arrived if entry[0] not in REFUSED]
    return arrived


def test_page_of_another_site_does_nothing(door, job_id, redis, visit):
    """cross-site, same-site (another port of this machine), and to each of our names."""
    with redis.client() as db:
        before = stored(db)
        asked = len(door.asked())
        apis = [f"http://{name}:{door.port}" for name in ("localhost", "127.0.0.1", "[::1]")]
        reports = visit(lambda site: [page(f"http://{name}:{site.port}", api=api, job=job_id, other=f"http://{name}:{site.port}")
                                      for name, api in (("evil.test", apis[0]), ("evil.test", apis[1]), ("evil.test", apis[2]),
                                                        ("localhost", apis[0]), ("127.0.0.1", apis[1]))])
        assert_nothing_seen(reports)
        arrived = assert_all_refused(door.asked()[asked:], 40 * 5)
        assert stored(db) == before
    for sign in ('site="cross-site"', 'site="same-site"', 'origin="null"', "[::1]:", "OPTIONS"):
        assert any(sign in line for _, line in arrived), sign


def test_page_by_a_rebound_name_does_nothing(door, job_id, redis, visit):
    """Its name led elsewhere when it was loaded, and leads to us now: to the browser it is a page of our own."""
    with redis.client() as db:
        before = stored(db)
        asked = len(door.asked())
        reports = visit(lambda site: [page(f"http://{name}:{door.port}", api=f"http://{name}:{door.port}", job=job_id,
                                           other=f"http://127.0.0.1:{site.port}") for name in (*NAMES, "evil.localhost")])
        assert_nothing_seen(reports)
        arrived = assert_all_refused(door.asked()[asked:], 40 * 5)
        assert stored(db) == before
    assert any(line.startswith("PATCH") for status, line in arrived if status == 421), "no preflight stood in its way"


def test_page_of_our_own_works(door, visit):
    names = ("localhost", "127.0.0.1", "[::1]")
    reports = visit(lambda site: [page(f"http://{name}:{door.port}", page="own", other=f"http://127.0.0.1:{site.port}") for name in names])
    for report in reports:
        assert [shape["what"] for shape in report["seen"]] == [201, 200, 200, 200, 200, 200, 200, 200, 202, 200, 200, 204], report


# --- by raw bytes -----------------------------------------------------------------------------------------------------

HOSTS = [None, "", "evil.example", "127.0.0.1.evil.com", "localhost.evil", "localhost.", "evil.localhost", "127.1", "0.0.0.0", "2130706433",
         "[::ffff:127.0.0.1]", "[::2]", "10.0.0.1", "user@localhost", "localhost:80:80", "localhost#evil", "localhost/evil"]


def ask(door, method, path, host, version="1.1", body=b"", line=""):
    """The status that is answered to raw bytes."""
    lines = [f"{method} {path} HTTP/{version}", *([f"Host: {host}"] if host is not None else []), "Connection: close",
             "Content-Type: application/json", f"Content-Length: {len(body)}", *([line] if line else [])]
    with socket.create_connection(("127.0.0.1", door.port), timeout=15) as peer:
        peer.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return int(peer.makefile("rb").readline().split()[1])


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_host_that_is_not_ours_does_nothing(door, job_id, redis, version):
    requests = [("POST", "/v1/schedule/api-caller", b'{"schedule":"@yearly","api":"http://127.0.0.1:9/x","type":"ATMOST_ONCE"}'),
                ("POST", f"/v1/jobs/{job_id}/run", b""), ("PATCH", f"/v1/jobs/{job_id}", b'{"schedule":"@daily"}'), ("DELETE", f"/v1/jobs/{job_id}", b""),
                ("GET", "/v1/jobs", b""), ("GET", "/v1/jobs:export", b""), ("GET", "/", b""), ("GET", "/health", b"")]
    with redis.client() as db:
        before = stored(db)
        for host in HOSTS:
            for method, path, body in requests:
                assert ask(door, method, path, host, version, body) in (400, 421), (host, method, path)
        assert stored(db) == before


def test_absolute_address_does_not_stand_in_for_host(door):
    assert ask(door, "GET", f"http://localhost:{door.port}/v1/jobs", "evil.example") == 421


@pytest.mark.parametrize("line", ["Dronc-Job-Id: capi:1", "dronc-job-id: x", "DRONC-JOB-ID: capi:1, capi:2"])
def test_call_of_a_job_does_nothing(door, job_id, redis, line):
    """What a target that redirects, or a job itself, can make of this API."""
    with redis.client() as db:
        before = stored(db)
        for method, path in (("POST", f"/v1/jobs/{job_id}/pause"), ("POST", f"/v1/jobs/{job_id}/run"), ("DELETE", f"/v1/jobs/{job_id}"),
                             ("POST", "/v1/schedule/api-caller"), ("POST", "/v1/jobs:batch"), ("POST", "/v1/dead:redrive"), ("DELETE", "/v1/dead"),
                             ("GET", "/v1/jobs"), ("GET", "/v1/jobs:export")):
            assert ask(door, method, path, "localhost", line=line) == 403, path
        assert stored(db) == before
    for path in ("/", "/health", "/health/deep", "/openapi.json"):
        assert ask(door, "GET", path, "localhost", line=line) == 200


def test_name_of_the_settings_is_ours(home, make_handler):
    door = Door(home, make_handler(API_HOSTS="dronc.example.com, 10.0.0.7", API_AUTH="none"))  # by such a name a key is needed otherwise
    try:
        assert [ask(door, "GET", "/v1/jobs", host) for host in ("dronc.example.com", "DRONC.example.com:444", "10.0.0.7:80", "localhost")] == [200] * 4
        assert ask(door, "GET", "/v1/jobs", "dronc.example.com.evil") == 421
        assert ask(door, "GET", "/v1/jobs", "dronc.example.com", line="Origin: https://dronc.example.com") == 200
        assert ask(door, "GET", "/v1/jobs", "dronc.example.com", line="Origin: https://example.com") == 403
    finally:
        door.stop()
