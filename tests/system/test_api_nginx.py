"""What nginx answers by itself: JSON, like everything else."""
import os
import signal

import pytest

from harness import processes_in, wait_for

POST = b"POST /v1/schedule/api-caller HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def test_body_too_large_is_413_before_it_is_sent(stack):
    answer = stack.raw(POST + b"Content-Length: 65537\r\n\r\n")
    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")


def test_endless_chunked_body_is_413(stack):
    answer = stack.raw(POST + b"Transfer-Encoding: chunked\r\n\r\n" + 9 * (b"2000\r\n" + b" " * 8192 + b"\r\n"))
    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("path, kind", [("/v1/schedule/api-caller", b"application/json"), ("/v1/jobs:batch", b"application/x-ndjson")])
@pytest.mark.parametrize("second, status", [(b"Content-Type: text/plain", 415), (b"Content-Encoding: gzip", 415), (b"Idempotency-Key: two", 400)])
def test_second_line_of_a_header_is_not_lost(stack, path, kind, second, status):
    """Nothing is decided by the first of two."""
    body = b'{"schedule":"0 0 29 2 *","api":"http://127.0.0.1:9/second","type":"ATMOST_ONCE"}'
    lines = [b"POST " + path.encode() + b" HTTP/1.1", b"Host: localhost", b"Connection: close", b"Content-Length: %d" % len(body), b"Content-Type: " + kind,
             b"Content-Encoding: identity", b"Idempotency-Key: one"]
    answer = stack.raw(b"\r\n".join([*lines, second, b"", body]))
    assert answer.status == status, answer


def test_trace_is_405_with_allow(stack):
    answer = stack.raw(b"TRACE /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (answer.status, answer.code) == (405, "METHOD_NOT_ALLOWED")
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("request_line", [b"GET", b"NONSENSE", b"GET /health HTTP/x", b"GET /../x HTTP/1.1", b"\x16\x03\x01",
                                          b"GET http:// HTTP/1.1", b"GET /\0 HTTP/1.1"])
def test_malformed_request_line_is_400(stack, request_line):
    answer = stack.raw(request_line + b"\r\nHost: localhost\r\n\r\n")
    assert (answer.status, answer.code) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("headers", [b"", b"Host: localhost\r\nHost: y\r\n", b"Host: localhost\r\nContent-Length: x\r\n", b"Host: a b\r\n"])
def test_malformed_headers_are_400(stack, headers):
    answer = stack.raw(b"GET /health HTTP/1.1\r\n" + headers + b"\r\n")
    assert (answer.status, answer.code) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("request_head, status", [
    (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    (b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431),
    (b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"x\r\nX: ".join([b"x" * 7000] * 6) + b"\r\n\r\n", 431),
], ids=["line", "header", "headers"])
def test_huge_head_is_refused(stack, request_head, status):
    answer = stack.raw(request_head)
    assert (answer.status, answer.code) == (status, "INVALID_REQUEST")


def test_unknown_transfer_encoding_is_501(stack):
    answer = stack.raw(POST + b"Transfer-Encoding: gzip\r\n\r\n")
    assert (answer.status, answer.code) == (501, "NOT_IMPLEMENTED")


def test_unknown_http_version_is_505(stack):
    answer = stack.raw(b"GET /health HTTP/2.5\r\nHost: localhost\r\n\r\n")
    assert (answer.status, answer.code) == (505, "HTTP_VERSION_NOT_SUPPORTED")


def test_server_header_tells_no_version(stack):
    for answer in (stack.get("/health"), stack.raw(b"NONSENSE\r\n\r\n")):
        assert not any(c.isdigit() for c in answer.headers.get("server", ""))


def test_stopped_handlers_are_504_and_dead_ones_502(make_stack):
    stack = make_stack().start()
    for pid in stack.pids("fcgi"):
        os.kill(pid, signal.SIGSTOP)
    answer = stack.get("/health")
    assert (answer.status, answer.code) == (504, "GATEWAY_TIMEOUT")
    for pid in stack.pids("fcgi"):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: "dronc-fcgi" not in processes_in(stack.data).values())
    answer = stack.get("/health")
    assert (answer.status, answer.code) == (502, "BAD_GATEWAY")


def test_handlers_work_again_after_having_been_stopped(make_stack):
    stack = make_stack().start()
    for pid in stack.pids("fcgi"):
        os.kill(pid, signal.SIGSTOP)
    for pid in stack.pids("fcgi"):
        os.kill(pid, signal.SIGCONT)
    assert stack.get("/health/deep").status == 200
