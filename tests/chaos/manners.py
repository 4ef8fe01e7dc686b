"""How the targets behave: each manner is called with a connection (targets.Peer) once its request has been written down."""
import struct

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with an RST
TRAP = "127.0.0.2"  # stack.OPEN does not name it
GOOD = ("good0", "good1", "good2", "good3", "slow")


def answer(status, body=b"ok", headers=b""):
    return b"HTTP/1.1 %d Whatever\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), headers, body)


OK = answer(200)


def good(peer):
    peer.send(OK)


def slow(peer):
    peer.later(0.3, peer.send_for, peer.nth, OK)


def flaky(peer):
    peer.send(answer(500) if peer.server.random.random() < 0.4 else OK)


def error(peer):
    peer.send(answer(500))


def busy(peer):
    peer.send(answer(429, headers=b"Retry-After: 1\r\n"))


def reset(peer):
    peer.close(RESET)


def hang(peer):
    del peer  # not a word, ever


def kept(peer):
    """The trap for clients that send a request again by themselves: the second one on a connection is read, and then it ends.
    Some first ones fail, so that retries come between the full seconds and leave young connections for the calls that come then."""
    if peer.nth == 0:
        flaky(peer)
    else:
        peer.close()


def hasty(peer):
    """Answers, promises to keep the connection, and closes it."""
    peer.send(OK)
    peer.close()


def loop(peer):
    peer.send(answer(302, b"", b"Location: /hop\r\n"))


def trickle(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    peer.repeat(1, b".")


def endless_header(peer):
    peer.send(b"HTTP/1.1 200 OK\r\n")
    peer.repeat(1, b"X-More: of the same\r\n")


def flood_of_headers(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nX-Header: ")
    peer.repeat(0.02, b"x" * 16384)


def endless_body(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    peer.repeat(1, b"1\r\n.\r\n")


def flood(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    peer.repeat(0.02, b"10000\r\n" + bytes(65536) + b"\r\n")


def astray(peer):
    """Tempts the runner to where no call may go."""
    peer.send(answer(302, b"", b"Location: http://%s:%d/astray\r\n" % (TRAP.encode(), peer.server.trap_port)))


def trap(peer):
    """Where no call may go."""
    good(peer)


def refuse(peer):
    """Nobody listens on its port."""
    raise AssertionError(f"a request came to {peer.name}")


MANNERS = {**{name: good for name in GOOD}, "slow": slow, "flaky": flaky, "error": error, "busy": busy, "reset": reset,
           "hang": hang, "kept": kept, "hasty": hasty, "loop": loop, "trickle": trickle, "header": endless_header,
           "headers": flood_of_headers, "body": endless_body, "flood": flood, "refused": refuse, "astray": astray, "trap": trap}
