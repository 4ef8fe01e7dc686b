"""What the fuzzer takes for right, as examples; and that it is fit to find what it is for. It is run like any other test."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import answers  # noqa: E402
import calls  # noqa: E402
import quirks  # noqa: E402
from reading import read  # noqa: E402

HEAD = b"HTTP/1.1 200 OK\r\n"


def said(data, end="close", method="GET"):
    """What may come of it, in one word each: the status, bad, timeout; vague; and again where the connection may be used again."""
    got = read(data, end, method)
    words = [got.answer, got.bad and "bad", got.timeout and "timeout", got.vague and "vague", got.may_reuse and (got.excess < 0 or got.only_blank) and "again"]
    return [word for word in words if word]


@pytest.mark.parametrize("data, end, expected", [
    (HEAD + b"Content-Length: 2\r\n\r\nok", "keep", [200, "again"]),
    (HEAD + b"Content-Length: 2\r\n\r\nok", "close", [200, "again"]),
    (HEAD + b"Content-Length: 2\r\nConnection: x, Close\r\n\r\nok", "keep", [200]),
    (HEAD + b"Content-Length: 2\r\nConnection:\r\n close\r\n\r\nok", "keep", [200]),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "keep", [200]),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok", "keep", [200, "again"]),
    (HEAD + b"\r\nok", "close", [200]),
    (HEAD + b"\r\nok", "keep", ["timeout"]),
    (HEAD + b"\r\nok", "reset", ["bad"]),
    (HEAD + b"Content-Length: 3\r\n\r\nok", "cut", ["bad"]),
    (b"HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n", "keep", [204, "again"]),
    (b"HTTP/1.1 304 x\r\n\r\nbytes", "keep", [304]),
    (b"HTTP/1.1 100 x\r\n\r\n" + HEAD + b"Content-Length: 0\r\n\r\n", "keep", [200, "again"]),
    (b"HTTP/1.1 100 x\r\n\r\n", "close", ["bad"]),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nTrailer: 1\r\n\r\n", "keep", [200, "again"]),
])
def test_a_good_answer_has_one_reading(data, end, expected):
    assert said(data, end) == expected


@pytest.mark.parametrize("headers", [
    b"Content-Length: 2\r\nContent-Length: 7\r\n", b"Content-Length: 2, 7\r\n", b"Content-Length: +2\r\n", b"Content-Length: 2x\r\n",
    b"Content-Length:\r\n", b"Content-Length: 0x2\r\n", b"Content-Length: -2\r\n", b"Content-Length: 18446744073709551616\r\n", b"Content-Length: 3\r\n"])
def test_wrong_length_is_never_a_success(headers):
    assert said(HEAD + headers + b"\r\nok") == ["bad"]


@pytest.mark.parametrize("body", [
    b"", b"0", b"2", b"2\r\nok", b"2\r\nok\r\n", b"5\r\nok\r\n0\r\n\r\n", b"1\r\nok\r\n0\r\n\r\n", b"0x2\r\nok\r\n0\r\n\r\n", b"g\r\nok\r\n0\r\n\r\n",
    b"10000000000000002\r\nok\r\n0\r\n\r\n", b"-2\r\nok\r\n0\r\n\r\n", b"\r\nok\r\n0\r\n\r\n"])
def test_wrong_chunks_are_never_a_success(body):
    assert said(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body) == ["bad"]


@pytest.mark.parametrize("data", [
    b"", b"ok", b"HTTP", b"HTTP/1.1 2000 OK\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"SSH-2.0-x\r\n", b"\x16\x03\x01\0\1", b"HTTP/1.1 200 OK\r\nX: y\r\n",
    HEAD + b"X: " + b"y" * 70000 + b"\r\n\r\n", b"HTTP/1.1 200 " + b"y" * 110000 + b"\r\n\r\n"])
def test_what_is_no_answer_is_never_a_success(data):
    assert said(data) == ["bad"]


@pytest.mark.parametrize("data", [
    HEAD + b" X: y\r\nContent-Length: 2\r\n\r\nok", HEAD + b"\tX: y\r\nContent-Length: 2\r\n\r\nok", HEAD + b"X\0: y\r\nContent-Length: 2\r\n\r\nok",
    HEAD + b"no colon\r\nContent-Length: 2\r\n\r\nok", HEAD.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\nok", HEAD + b"Content-Length: 2, 2\r\n\r\nok",
    b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", b"HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\nok", b"\r\n" + HEAD + b"Content-Length: 2\r\n\r\nok",
    HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"])
def test_where_a_client_may_choose_both_are_right(data):
    assert said(data, "keep")[:2] == [200, "bad"]


@pytest.mark.parametrize("line, is_vague", [(b"\0: x\r\n", True), (b"X\0: x\r\n", False), (b"X: \0\r\n", False)])
def test_what_is_read_with_a_line_that_begins_with_nul_may_be_lost(line, is_vague):
    assert ("vague" in said(HEAD + line + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")) == is_vague


def test_bytes_behind_an_answer_spoil_the_connection():
    assert read(HEAD + b"Content-Length: 2\r\n\r\nokX", "keep", "GET").excess == len(HEAD) + 23
    assert said(HEAD + b"Content-Length: 2\r\n\r\nok\r\n", "keep") == [200, "again"], "CRLF may be skipped"


def test_answer_to_head_has_no_body():
    assert said(HEAD + b"Content-Length: 2\r\n\r\n", "keep", "HEAD") == [200, "again"]


def test_folded_header_is_unfolded():
    assert read(b"HTTP/1.1 503 x\r\nRetry-After:\r\n 5\r\nContent-Length: 0\r\n\r\n", "keep", "GET").get_all(b"retry-after") == [b"5"]


@pytest.mark.parametrize("lines, ms", [
    (b"Retry-After: 2\r\n", 2000), (b"Retry-After: 0\r\n", 0), (b"Retry-After: 7200\r\n", 3600000), (b"Retry-After: soon\r\n", 0),
    (b"Date: Sun, 08 Mar 2026 07:00:00 GMT\r\nRetry-After: Sun, 08 Mar 2026 07:00:02 GMT\r\n", 2000),
    (b"Date: Sun, 08 Mar 2026 07:00:00 GMT\r\nRetry-After: Sun, 08 Mar 2026 06:00:00 GMT\r\n", 0)])
def test_retry_after(lines, ms):
    assert calls.retry_after_ms(read(b"HTTP/1.1 503 x\r\n" + lines + b"Content-Length: 0\r\n\r\n", "keep", "GET")) == ms


PLACES = {"http": "http://127.0.0.2:10001", "https": "https://127.0.0.3:10002"}


def plans(seed, count, method="GET"):
    grammar = answers.Grammar(seed)
    return [answer for number in range(count) for answer in grammar.plan(0, number, answers.Setting(method, False, 5, PLACES))]


def test_a_seed_says_all_of_the_answers():
    assert plans("7", 50) == plans("7", 50) != plans("8", 50)
    assert [answers.Answer.from_json(answer.to_json()) for answer in plans("7", 50)] == plans("7", 50)


def test_every_quirk_is_played():
    labels = {label for answer in plans("1", 3000) for label in answer.label.split("+")}
    assert {name for name, _, _ in quirks.ALL} <= labels


def test_most_answers_can_be_judged():
    """Of a few, too much is allowed; of most, one result alone."""
    readings = [read(answer.data, answer.end, "GET") for answer in plans("2", 2000)]
    assert sum(one.exact for one in readings) > 0.6 * len(readings)
    assert sum(one.vague for one in readings) < 0.1 * len(readings)


def test_of_a_broken_body_what_there_was_is_known():
    """What a record keeps of it must be found again, though chunks cut its marks in two."""
    assert read(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[j\r\n5\r\n1k", "close", "GET").body == b"[j1k"
