"""The same binary behind three doors: a socket as standard input (systemd, spawn-fcgi), plain CGI, and nginx in front."""
import subprocess

import pytest

from harness import DIST, NEVER_SOON, CgiClient, environment

JOB = {"schedule": NEVER_SOON, "api": "http://127.0.0.1:9/cgi", "type": "ATMOST_ONCE"}


@pytest.fixture(params=["cgi", "socket activation"])
def door(request, home, redis, make_handler):
    return CgiClient(home, redis) if request.param == "cgi" else make_handler()


def test_get_is_answered(door):
    assert door.get("/").body == b"Dronc - Redis-backed Job Scheduler"
    assert door.get("/health").json == {"status": "healthy"}
    assert door.get("/health/deep").json == {"status": "healthy", "checks": {"redis": "healthy"}}
    assert door.get("/v1/track/executions?limit=5").json == {"count": 0, "executions": []}


def test_post_is_answered(door):
    first, second = door.post(JOB), door.post(JOB)
    assert (first.status, second.status, first.json) == (201, 201, second.json)


def test_errors_are_answered(door):
    assert (door.get("/nothing").status, door.get("/nothing").code) == (404, "NOT_FOUND")
    assert door.request("DELETE", "/health").headers["allow"].startswith("GET")
    assert door.post({**JOB, "x": 1}).error["field"] == "x"
    assert door.post(JOB, content_type="text/plain").code == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize("length, status", [(65536, 201), (65537, 413)])
def test_body_limit_holds_without_nginx(door, length, status):
    import json
    text = json.dumps(JOB)
    assert door.post(text + " " * (length - len(text))).status == status


def test_same_job_has_the_same_id_everywhere(home, redis, handler, stack):
    ids = {client.post(JOB).json["job_id"] for client in (handler, CgiClient(home, redis), stack)}
    assert len(ids) == 1


def test_cgi_reads_no_more_than_the_content_length(home, redis):
    import json
    body = json.dumps(JOB).encode()
    variables = {"REQUEST_METHOD": "POST", "REQUEST_URI": "/v1/schedule/api-caller", "CONTENT_LENGTH": str(len(body))}
    done = subprocess.run([DIST / "dronc-fcgi"], input=body + b"garbage", capture_output=True, cwd=home, check=True,
                          env=environment(**redis.settings(), **variables))
    assert done.stdout.startswith(b"Status: 201")


def test_cgi_body_that_breaks_off_is_refused(home, redis):
    variables = {"REQUEST_METHOD": "POST", "REQUEST_URI": "/v1/schedule/api-caller", "CONTENT_LENGTH": "100"}
    done = subprocess.run([DIST / "dronc-fcgi"], input=b'{"schedule"', capture_output=True, cwd=home, check=True,
                          env=environment(**redis.settings(), **variables))
    assert done.stdout.startswith(b"Status: 400")


def test_cgi_without_request_uri_uses_path_info(home, redis):
    variables = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/cgi-bin/dronc", "PATH_INFO": "/v1/track/executions", "QUERY_STRING": "limit=0"}
    done = subprocess.run([DIST / "dronc-fcgi"], capture_output=True, cwd=home, check=True, env=environment(**redis.settings(), **variables))
    assert done.stdout.startswith(b"Status: 400") and b'"field":"limit"' in done.stdout


def test_handler_that_is_neither_says_how_it_is_meant(home):
    done = subprocess.run([DIST / "dronc-fcgi"], capture_output=True, text=True, cwd=home, env=environment(), stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert "--help" in done.stderr and done.stderr.count("\n") == 1


def test_handler_finishes_on_sigterm(handler):
    assert handler.get("/health").status == 200
    assert handler.terminate() == 0


@pytest.mark.parametrize("name, value", [("REDIS_PORT", "x"), ("REDIS_DB", "16"), ("LOG_LEVEL", "loud"), ("LOG_FORMAT", "xml")])
def test_handler_names_the_setting_that_is_bad(home, name, value):
    done = subprocess.run([DIST / "dronc-fcgi"], capture_output=True, text=True, cwd=home, stdin=subprocess.DEVNULL,
                          env=environment(REQUEST_METHOD="GET", REQUEST_URI="/health", **{name: value}))
    assert done.returncode == 2
    assert done.stderr.startswith(f"{name}:") and done.stderr.count("\n") == 1
