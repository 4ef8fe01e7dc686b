"""The paths that need no job, and what every path has in common."""
import json

import pytest


def test_root_greets(stack):
    answer = stack.get("/")
    assert (answer.status, answer.body) == (200, b"Dronc - Redis-backed Job Scheduler")
    assert answer.headers["content-type"].startswith("text/plain")


def test_health_is_healthy(stack):
    answer = stack.get("/health")
    assert (answer.status, answer.json) == (200, {"status": "healthy"})


def test_health_deep_is_healthy(stack):
    answer = stack.get("/health/deep")
    assert (answer.status, answer.json) == (200, {"status": "healthy", "checks": {"redis": "healthy"}})


@pytest.mark.parametrize("path", ["/nothing", "/healthy", "/health/", "//health", "/v1", "/v1/schedule", "/HEALTH",
                                  "/v1/schedule/api-caller/", "/v1/track/executions/x", "/_error/502",
                                  "/favicon.ico", "/health%2F", "/%FF"])
def test_unknown_path_is_404(stack, path):
    answer = stack.get(path)
    assert (answer.status, answer.code) == (404, "NOT_FOUND")


@pytest.mark.parametrize("method, path, allowed", [
    ("POST", "/", "GET"), ("DELETE", "/health", "GET"), ("PUT", "/health/deep", "GET"),
    ("PATCH", "/v1/track/executions", "GET"), ("POST", "/v1/track/executions", "GET"),
    ("GET", "/v1/schedule/api-caller", "POST"), ("DELETE", "/v1/schedule/api-caller", "POST"),
    ("OPTIONS", "/v1/schedule/api-caller", "POST"), ("BREW", "/health", "GET"),
])
def test_wrong_method_is_405_with_allow(stack, method, path, allowed):
    answer = stack.request(method, path)
    assert (answer.status, answer.code) == (405, "METHOD_NOT_ALLOWED")
    assert allowed in answer.headers["allow"].split(", ")
    assert method not in answer.headers["allow"].split(", ")


@pytest.mark.parametrize("path", ["/", "/health", "/health/deep", "/v1/track/executions"])
def test_head_has_the_headers_of_get_and_no_body(stack, path):
    get, head = stack.get(path), stack.request("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


def test_answers_are_json(stack):
    bad = stack.request("POST", "/v1/schedule/api-caller", "{", {"content_type": "application/json"})
    for answer in (stack.get("/health"), stack.get("/v1/track/executions"), stack.get("/nothing"), bad):
        assert answer.headers["content-type"] == "application/json"
        json.loads(answer.body)


@pytest.mark.parametrize("path", ["/%", "/health%", "/%4", "/%zz", "/health%00", "/../x", "/..%2fx", "/v1/track/executions?limit=%"])
def test_broken_path_is_refused(stack, path):
    answer = stack.get(path)
    assert (answer.status, answer.code) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("path", ["/v1/track/executions?limits=5", "/v1/track/executions?limit=5&x", "/v1/schedule/api-caller?dry_run=true"])
def test_unknown_parameter_is_refused_by_name(stack, path):
    method = "POST" if "schedule" in path else "GET"
    answer = stack.request(method, path, "{}" if method == "POST" else None, {"content_type": "application/json"})
    assert (answer.status, answer.code) == (400, "INVALID_REQUEST")
    assert answer.error["field"] in ("limits", "x", "dry_run")


@pytest.mark.parametrize("path", ["/?q=", "/health?x=1", "/health/deep?deep&limit=0&%zz"])
def test_health_checks_look_at_no_parameters(stack, path):
    """What watches over a service likes to add a time to the URL."""
    assert stack.get(path).status == 200
