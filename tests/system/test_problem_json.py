"""Errors as RFC 9457 has them, for clients that ask for that; all others get what they always got."""
import json

import pytest

from harness import NEVER_SOON

PROBLEM = "application/problem+json"
UNKNOWN = "/v1/jobs/capi:" + "0" * 64
GOOD = {"schedule": NEVER_SOON, "api": "http://127.0.0.1/", "type": "ATMOST_ONCE"}


def problem_of(answer):
    """The problem, with the checks that hold for every one."""
    assert answer.headers["content-type"] == PROBLEM, answer
    problem = json.loads(answer.body)
    assert problem["status"] == answer.status and problem["type"] == "about:blank"
    assert problem["title"] and problem["detail"] and problem["code"].isupper()
    assert set(problem) <= {"type", "title", "status", "detail", "code", "field", "offset"}
    return problem


def test_a_problem_says_all_that_an_error_says(stack):
    """The same request, asked both ways."""
    body = {**GOOD, "schedule": "61 * * * *"}
    error = stack.post(body).error
    answer = stack.post(body, accept=PROBLEM)
    assert problem_of(answer) == {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": error["message"],
                                  "code": "JOB_CREATION_FAILED", "field": "schedule", "offset": 0}


@pytest.mark.parametrize("method, path, body, status, title, code", [
    ("GET", "/nothing", None, 404, "Not Found", "NOT_FOUND"),
    ("GET", UNKNOWN, None, 404, "Not Found", "JOB_NOT_FOUND"),
    ("PUT", UNKNOWN, "{}", 405, "Method Not Allowed", "METHOD_NOT_ALLOWED"),
    ("GET", "/v1/jobs?limit=0", None, 400, "Bad Request", "INVALID_REQUEST"),
    ("GET", "/v1/jobs?limit=%zz", None, 400, "Bad Request", "INVALID_REQUEST"),
    ("POST", "/v1/schedule/api-caller", "{", 400, "Bad Request", "INVALID_REQUEST"),
])
def test_every_error_has_both_forms(stack, method, path, body, status, title, code):
    answer = stack.request(method, path, body, {"accept": PROBLEM})
    problem = problem_of(answer)
    assert (answer.status, problem["title"], problem["code"]) == (status, title, code)
    assert ("allow" in answer.headers) == (status == 405)
    plain = stack.request(method, path, body)
    assert (plain.status, plain.code, plain.error["message"]) == (status, code, problem["detail"])


@pytest.mark.parametrize("accept", [PROBLEM, f"application/json, {PROBLEM}", f"{PROBLEM}, */*;q=0.1", f"{PROBLEM};q=0.5, application/json;q=0.4"])
def test_who_names_it_gets_it(stack, accept):
    problem_of(stack.get("/nothing", accept=accept))


@pytest.mark.parametrize("accept", [None, "", "*/*", "application/json", "application/*", "text/html", f"{PROBLEM};q=0", "nonsense",
                                    f"{PROBLEM};q=0.4, application/json;q=0.5", f"{PROBLEM};q=0.9, */*"])
def test_who_does_not_prefer_it_gets_the_default_form_to_the_letter(stack, accept):
    answer = stack.get("/nothing", accept=accept)
    assert answer.headers["content-type"] == "application/json"
    assert answer.body == b'{"error":{"code":"NOT_FOUND","message":"there is nothing at this path"}}'


def test_what_is_no_error_is_the_same_in_any_case(stack):
    job_id = stack.schedule(NEVER_SOON, "http://127.0.0.1/problem")
    for path in ("/health", f"/v1/jobs/{job_id}", "/v1/track/executions"):
        asked, plain = stack.get(path, accept=PROBLEM), stack.get(path)
        assert (asked.status, asked.headers["content-type"]) == (200, "application/json")
        assert asked.json.keys() == plain.json.keys()


def test_head_has_the_headers_of_a_problem(stack):
    get, head = stack.get("/nothing", accept=PROBLEM), stack.request("HEAD", "/nothing", headers={"accept": PROBLEM})
    assert (head.status, head.body) == (404, b"")
    assert [head.headers[h] for h in ("content-type", "content-length")] == [get.headers[h] for h in ("content-type", "content-length")]


def test_a_precondition_and_a_storage_error(handler, redis):
    job_id = handler.schedule(NEVER_SOON, "http://h/")
    assert problem_of(handler.patch(job_id, {}, if_match='"9"', accept=PROBLEM))["title"] == "Precondition Failed"
    redis.pause()
    problem = problem_of(handler.get("/v1/jobs", accept=PROBLEM))
    assert (problem["title"], problem["code"]) == ("Internal Server Error", "STORAGE_ERROR")
    redis.resume()


def test_what_nginx_refuses_by_itself_has_the_default_form(stack):
    head = f"POST /v1/schedule/api-caller HTTP/1.1\r\nHost: localhost\r\nAccept: {PROBLEM}\r\nContent-Length: 65537\r\n\r\n"
    answer = stack.raw(head.encode())
    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")
