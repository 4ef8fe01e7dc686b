"""Clients that send slowly, take nothing, or come in crowds: the others do not notice.

The bar: while 2,100 bodies come byte by byte and 50 exports are not read, other people's requests are answered within 100 ms (p99), and no more
than 256 MiB wait on the disk.
"""
import itertools
import socket

import pytest

from harness import SCALE, wait_for
from test_front import (HALF_BODY, connect, definition, many_descriptors, opened, p99, plant, spooled,  # noqa: F401 (fixtures)
                        took)

SLOW, EXPORTS, LIMIT = 2100, 50, 64


def trickle(peers):
    """A byte more of each body; some have been given up."""
    for peer in peers:
        try:
            peer.send(b" ")
        except OSError:
            pass


def answered(peers, status):
    """To how many."""
    found = 0
    for peer in peers:
        try:
            found += peer.recv(12, socket.MSG_DONTWAIT | socket.MSG_PEEK).endswith(b" %d" % status)
        except BlockingIOError:
            pass
    return found


def pieces(peers, count):
    return [peers[n::count] for n in range(count)]


@pytest.mark.alone
def test_slow_bodies_and_unread_exports_keep_nobody_waiting(make_stack, opened):
    stack = make_stack(FCGI_PROCESSES=8).start()
    plant(stack, 10)
    slow = [connect(stack.port, HALF_BODY) for _ in range(SLOW)]
    unread = [connect(stack.port, b"GET /v1/jobs:export HTTP/1.1\r\nHost: localhost\r\n\r\n", receive=4096, address=f"127.0.1.{n + 1}") for n in range(EXPORTS)]
    opened.extend(slow + unread)
    health, post, most = [], [], 0
    for part in itertools.cycle(pieces(slow, 20)):
        if len(health) >= 200 and answered(unread, 200) >= EXPORTS // 2:
            break
        trickle(part)
        health.append(took(lambda: stack.get("/health"), {200}))
        post.append(took(lambda: stack.post(definition(f"other/{len(post)}")), {201}))
        most = max(most, spooled(stack))
    print(f"GET /health p99 {p99(health):.1f} ms, POST p99 {p99(post):.1f} ms; {answered(unread, 200)} exports unread; {most} bytes spooled")
    assert p99(health) <= 100 * SCALE and p99(post) <= 100 * SCALE, (p99(health), p99(post))
    assert most <= 256 << 20, most


def half(client):
    return HALF_BODY.replace(b"\r\n\r\n", f"\r\nX-Client: {client}\r\n\r\n".encode())


def test_one_address_has_only_so_many_requests_under_way(door, opened):
    opened.extend(connect(door.port, half("198.51.100.1")) for _ in range(LIMIT + 6))
    wait_for(lambda: answered(opened, 429) == 6, what="the answers to what is too many")
    assert door.get("/health", x_client="198.51.100.1").status == 429
    assert door.get("/health", x_client="198.51.100.2").status == 200
    opened[0].close()
    wait_for(lambda: door.get("/health", x_client="198.51.100.1").status == 200, what="a place that became free")


def test_programs_of_this_machine_are_not_counted(door, opened):
    for _ in range(8):
        opened.extend(connect(door.port, HALF_BODY) for _ in range(LIMIT // 4))
        assert door.get("/health").status == 200
    assert answered(opened, 429) == 0
