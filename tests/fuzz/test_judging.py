"""Whom the fuzzer blames for bytes without a request, as examples."""
import asyncio
import socket
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import calls  # noqa: E402
import player  # noqa: E402
from reading import read  # noqa: E402

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"


def request(at_ms, littered_ms=1000, only_blank=False):
    return calls.Unanswered(at_ms, True, only_blank, littered_ms)


def answered(data, method="GET"):
    return calls.Call(None, None, read(data, "keep", method), 0, method, "/", 0, True, 0)


@pytest.mark.parametrize("at_ms, unclean", [(990, False), (1000 + calls.LITTER_MS, False), (1001 + calls.LITTER_MS, True)])
def test_bytes_that_arrive_when_a_request_is_on_its_way_are_nobodys_fault(at_ms, unclean):
    assert calls.Book([], None).was_unclean(request(at_ms), answered(HEAD + b"ok")) == unclean


def test_time_in_which_the_client_had_no_processor_does_not_count():
    book, headers = calls.Book([], lambda job, number: None), {"accept": '*/*; attempt="capi:x 2026-01-01T00:00:00Z 1"'}
    job = type("Job", (), {"rude": False, "number": 1, "id": "x", "attempts": 0, "api": "", "address": ""})()
    book.jobs = {"x": job}
    connection = player.Connection("127.0.0.1", False, book)
    connection.has_litter, connection.littered_ms, connection.last = True, 1000 - 300, answered(HEAD + b"ok")  # it had waited 300 ms by then
    connection.last.answer = type("Answer", (), {"label": "late"})
    for waited_ms, found in ((300 + 500, 0), (300, 1)):
        book.waited_ms = lambda: waited_ms
        book.note_unanswered(type("Request", (), {"headers": headers, "at_ms": 1000 + 500})(), connection)
        assert len(book.findings) == found


def test_bytes_that_never_arrived_are_nobodys_fault():
    assert not calls.Book([], None).was_unclean(request(9999, littered_ms=None), answered(HEAD + b"ok"))


def test_line_ends_alone_may_lie_there():
    assert not calls.Book([], None).was_unclean(request(9999, only_blank=True), answered(HEAD + b"ok"))


def test_what_is_read_with_an_answer_to_head_may_be_dropped():
    assert not calls.Book([], None).was_unclean(request(9999), answered(HEAD, "HEAD"))


@pytest.mark.parametrize("at_ms, found", [(1001, 0), (9999, 1)])
def test_a_wrong_request_is_excused_only_where_an_early_answer_crossed_it(at_ms, found):
    """A chain of redirects goes wrong at the link whose answer was another's: the oracle looks at all of its links."""
    job = type("Job", (), {"rude": True, "number": 1, "id": "x", "attempts": 0, "api": "", "address": ""})()
    book, attempt = calls.Book([job], None), calls.Attempt(job, 0, 0, 1)
    attempt.calls.append(answered(HEAD + b"ok"))
    attempt.calls[0].attempt = attempt
    attempt.unanswered.append(request(at_ms))
    attempt.doubts.append(("method", "GET, not POST, at /"))
    book.judge(attempt, calls.Record("x", "s", 0, 1, 200, 0, 1, "", "", 2, False, b"ok"))
    assert len(book.findings) == found


def test_the_target_knows_when_a_request_arrived_however_late_it_reads_it():
    async def play():
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
            peer, _ = listener.accept()
            with peer:
                peer.setblocking(False)
                peer.setsockopt(socket.SOL_SOCKET, player.SO_TIMESTAMPNS, 1)
                before = player.now_ms()
                client.sendall(b"first")
                after = player.now_ms()
                time.sleep(0.3)
                channel = player.Channel(peer)
                assert await channel.receive() == b"first"
                assert before - 1 <= channel.received_ms <= after + 1
                await channel.send(b"answer")
                while not channel.has_arrived():
                    await asyncio.sleep(0.001)
                client.sendall(b"behind it")
                client.shutdown(socket.SHUT_WR)
                time.sleep(0.05)
                assert channel.rest() == b"behind it"
    asyncio.run(play())
