"""What comes in from outside does not stop the others: exports, slow bodies, slow readers, connections on which nothing comes.

The bar: while 24 exports run and 2,000 half-sent requests stand, other people's GET /health and POST are answered within 100 ms (p99).
"""
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest

from harness import NEVER_SOON, SCALE, Handler, processes_in, wait_for

BEGIN = struct.pack(">BBHHBx", 1, 1, 1, 8, 0) + struct.pack(">HB5x", 1, 0)
HALF_HEAD = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-"
HALF_BODY = (b"POST /v1/schedule/api-caller HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
             b"Content-Length: 1000\r\n\r\n{")


@pytest.fixture(autouse=True)
def many_descriptors():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def opened():
    """Sockets that are closed behind the test."""
    sockets = []
    yield sockets
    for peer in sockets:
        peer.close()


def definition(n, **fields):
    return {"schedule": NEVER_SOON, "api": f"http://127.0.0.1:9/{n}", "type": "ATMOST_ONCE", **fields}


def plant(stack, thousands):
    """Jobs of two kilobytes each."""
    for k in range(thousands):
        answer = stack.batch([definition(f"{k}/{n}", method="POST", body="x" * 2000) for n in range(1000)])
        assert answer.status == 200 and b'"error"' not in answer.body, answer


def connect(port, data, receive=None, address="127.0.0.1"):
    """A client at that address that has sent so much; receive: bytes that it takes without being read."""
    peer = socket.socket()
    if receive:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    peer.bind((address, 0))
    peer.connect(("127.0.0.1", port))
    peer.sendall(data)
    return peer


def took(ask, statuses):
    """How many milliseconds a request took."""
    begin = time.monotonic()
    answer = ask()
    assert answer.status in statuses, answer
    return (time.monotonic() - begin) * 1000


def p99(values):
    return sorted(values)[int(len(values) * 0.99)]


# --- others are not kept waiting --------------------------------------------------------------------------------------


def start_exports(stack, count):
    """A process that reads that many exports at once; a line for each: status, seconds."""
    one = ["-o", "/dev/null", "-w", "%{http_code} %{time_total}\n", f"http://127.0.0.1:{stack.port}/v1/jobs:export"]
    return subprocess.Popen(["curl", "-q", "-s", "--noproxy", "*", "-Z", "--parallel-immediate", "--parallel-max", str(count), *one * count],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=stack.home)


@pytest.mark.alone
def test_exports_and_half_sent_requests_keep_nobody_waiting(make_stack, opened):
    stack = make_stack(FCGI_PROCESSES=8).start()
    plant(stack, 10)
    for n in range(2000):
        opened.append(connect(stack.port, HALF_BODY if n % 2 else HALF_HEAD))
    health, post = [], []
    exports = start_exports(stack, 24)
    while exports.poll() is None or len(health) < 200:
        health.append(took(lambda: stack.get("/health"), {200}))
        post.append(took(lambda: stack.post(definition(f"other/{len(post)}")), {201}))
    answers = exports.stdout.read().split("\n")
    assert [line[:3] for line in answers if line] == ["200"] * 24, answers
    print(f"{len(health)} each: GET /health p99 {p99(health):.1f} ms, POST p99 {p99(post):.1f} ms; exports: {answers}")
    assert p99(health) <= 100 * SCALE and p99(post) <= 100 * SCALE, (p99(health), p99(post))


@pytest.mark.alone
def test_batches_keep_nobody_waiting(make_stack):
    stack = make_stack(FCGI_PROCESSES=2).start()
    body = "".join(f'{{"schedule": "{NEVER_SOON}", "api": "http://127.0.0.1:9/%d/{n}", "type": "ATMOST_ONCE"}}\n' for n in range(1000))
    files = []
    for k in range(24):
        files.append(stack.home / f"batch{k}")
        files[-1].write_text(body.replace("%d", str(k)))
    batches = [subprocess.Popen(["curl", "-q", "-s", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}", "-H",
                                 "Content-Type: application/x-ndjson", "--data-binary", f"@{file}",
                                 f"http://127.0.0.1:{stack.port}/v1/jobs:batch"], stdout=subprocess.PIPE, text=True) for file in files]
    times = []
    while any(batch.poll() is None for batch in batches) or len(times) < 50:
        times.append(took(lambda: stack.get("/health"), {200}))
    assert [batch.stdout.read() for batch in batches] == ["200"] * 24
    assert p99(times) <= 100 * SCALE, p99(times)


# --- what is sent slowly ----------------------------------------------------------------------------------------------


def test_body_that_comes_byte_by_byte_is_given_up(stack):
    """Each byte comes well before nginx would lose its patience."""
    begin = time.monotonic()
    with connect(stack.port, HALF_BODY) as peer:
        while not select.select([peer], [], [], 0.5)[0]:
            peer.sendall(b" ")
            assert time.monotonic() - begin < 30 * SCALE, "it is still read"
        assert peer.recv(65536).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begin > 19


def test_more_half_sent_requests_than_one_handler_holds(make_stack, opened):
    """The oldest give way, with a word."""
    stack = make_stack(FCGI_PROCESSES=1).start()
    for _ in range(600):
        opened.append(connect(stack.port, HALF_BODY))
    assert stack.get("/health").status == 200
    refused = wait_for(lambda: len(found := select.select(opened, [], [], 0)[0]) > 80 and found)
    assert all(peer.recv(65536).startswith(b"HTTP/1.1 503 ") for peer in refused)
    assert took(lambda: stack.get("/health"), {200}) < 1000 * SCALE
    opened[-1].sendall(b'"schedule":"' + b" " * 987)
    assert opened[-1].recv(65536).startswith(b"HTTP/1.1 400 "), "the latest are still read"


def test_chunked_bodies_are_answered_up_to_a_number(stack, opened):
    head = b"POST /v1/schedule/api-caller HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
    for _ in range(70):
        opened.append(connect(stack.port, head))
    refused = wait_for(lambda: len(found := select.select(opened, [], [], 0)[0]) == 6 and found)
    assert all(peer.recv(65536).startswith(b"HTTP/1.1 429 ") for peer in refused)
    assert stack.post(definition("whole")).status == 201


# --- FastCGI connections ----------------------------------------------------------------------------------------------


def fastcgi(handler, data=b""):
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(15 * SCALE)
    peer.connect(handler.path)
    peer.sendall(data)
    return peer


def request(uri, keep=0, method="GET"):
    begin = struct.pack(">BBHHBx", 1, 1, 1, 8, 0) + struct.pack(">HB5x", 1, keep)
    pairs = b"".join(Handler._pair(k, v) for k, v in ((b"REQUEST_METHOD", method.encode()), (b"REQUEST_URI", uri.encode())))
    return begin + Handler._stream(4, pairs) + Handler._stream(5, b"")


def read_all(peer):
    """Up to the end of the connection, whichever way it ends."""
    data = b""
    try:
        while piece := peer.recv(65536):
            data += piece
    except ConnectionResetError:
        pass  # closed, and something that we sent was not read
    return data


@pytest.mark.parametrize("data, answer", [(b"", b""), (BEGIN, b"408"), (BEGIN + b"\1\4\0\1\0\xff\0\0", b"408"),
                                          (request("/health")[:-8], None)], ids=["silent", "begun", "params", "body"])
def test_idle_connections_hold_no_handler(handler, opened, data, answer):
    for _ in range(20):
        opened.append(fastcgi(handler, data))
    assert took(lambda: handler.get("/health"), {200}) < 1000 * SCALE
    if answer is not None:  # a body has more time
        assert read_all(opened[0]).partition(b"Status: ")[2].startswith(answer)


def test_connections_that_send_a_byte_a_moment_hold_no_handler(handler, opened):
    for _ in range(20):
        opened.append(fastcgi(handler))
    times = []
    for byte in request("/health"):
        for peer in opened:
            peer.sendall(bytes([byte]))
        times.append(took(lambda: handler.get("/health"), {200}))
    assert max(times) < 1000 * SCALE
    assert all(b'"healthy"' in peer.recv(65536) for peer in opened), "and are answered when they have come to their end"


@pytest.mark.parametrize("requests", [1, 2], ids=["one", "another_behind_it"])
def test_connection_carries_one_request(handler, opened, requests):
    """A web server that would keep it open (FCGI_KEEP_CONN) is answered, and sees it closed."""
    opened.append(fastcgi(handler, request("/health", keep=1) * requests))
    assert read_all(opened[0]).count(b'"healthy"') == 1
    assert took(lambda: handler.get("/health"), {200}) < 1000 * SCALE


def pairs_record(content):
    return BEGIN + Handler._record(4, content) + Handler._record(4, b"") + Handler._record(5, b"")


@pytest.mark.parametrize("data", [
    pairs_record(b"\xff\xff\xff\xfe\xff\xff\xff\xfe" + b"x" * 4000),
    pairs_record(b"\xff\xff\xff\xff\xff\xff\xff\xff"),
    pairs_record(b"\x05\x05abc"),
    pairs_record(b"\x80"),
    b"\1\1\0\1\0\x08\x08\0\0\1\0\0\0\0\0\0" + bytes(8),
    b"\1\1\0\1\0\x08\0\0\0\2\0\0\0\0\0\0",
    b"\2\1\0\1\0\x08\0\0\0\1\0\0\0\0\0\0",
    b"\1\x09\0\0\0\0\0\0",
    BEGIN + BEGIN,
    BEGIN + Handler._record(5, b""),
    request("/health")[:-8] + Handler._record(4, b""),
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
], ids=["overflow", "largest", "cut value", "cut length", "padded beginning", "authorizer", "version", "values?", "begun twice",
        "no parameters", "late parameters", "http"])
def test_records_that_libfcgi_does_not_bear_are_not_given_to_it(handler, opened, data):
    opened.append(fastcgi(handler, data))
    assert read_all(opened[0]) == b""
    assert handler.get("/health").status == 200
    assert handler.running and '"connection closed"' in handler.err


# --- whose client has gone --------------------------------------------------------------------------------------------


def test_what_nobody_waits_for_is_not_begun(make_stack):
    stack = make_stack(FCGI_PROCESSES=2).start()
    job = stack.schedule(NEVER_SOON, "http://127.0.0.1:9/")
    for pid in stack.pids("fcgi"):
        os.kill(pid, signal.SIGSTOP)
    assert stack.run(job).status == 504
    assert stack.post(definition("late", name="late")).status == 504
    for pid in stack.pids("fcgi"):
        os.kill(pid, signal.SIGCONT)
    assert stack.get("/health/deep").status == 200
    assert stack.jobs(name_prefix="late")["jobs"] == []
    with stack.redis() as db:
        assert not [key for key in db.keys("dronc:*:retry") if db.zcard(key)], "a run was made"


# --- what is taken slowly ---------------------------------------------------------------------------------------------


def spooled(stack):
    """Bytes of the files that nginx' processes hold open below run/nginx: those that it waits in have no name any more."""
    files = {}
    for pid in (pid for pid, name in processes_in(stack.data).items() if name == "nginx"):
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            try:
                if f"{stack.data}/run/nginx/" in os.readlink(fd):
                    status = fd.stat()
                    files[status.st_dev, status.st_ino] = status.st_size
            except OSError:
                pass  # closed meanwhile
    return sum(files.values())


@pytest.mark.alone
def test_answers_that_nobody_takes_fill_no_disk_and_hold_no_handler(make_stack, opened):
    stack = make_stack(FCGI_PROCESSES=2).start()
    plant(stack, 3)
    for n in range(12):
        path = b"/v1/jobs:export" if n % 2 else b"/v1/jobs?limit=200"
        opened.append(connect(stack.port, b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", receive=4096))
    wait_for(lambda: len(select.select(opened, [], [], 0)[0]) == 12, what="the beginnings of all answers")
    times = [took(lambda: stack.get("/health"), {200}) for _ in range(100)]
    assert p99(times) <= 100 * SCALE, p99(times)
    assert stack.export().count(b"\n") == 3000
    assert spooled(stack) < 65536, "by now nginx would have read all of the others"


def test_export_that_is_taken_too_slowly_is_cut(handler, opened):
    """16 KB a second, though never a second without any. (Through nginx it is mostly send_timeout that ends it.)"""
    for k in range(4):
        answer = handler.batch([definition(f"{k}/{n}", method="POST", body="x" * 2000) for n in range(1000)])
        assert b'"error"' not in answer.body, answer
    opened.append(fastcgi(handler, request("/v1/jobs:export")))
    begin = time.monotonic()
    data = b""
    while '"answer cut"' not in handler.err:
        assert time.monotonic() - begin < 40 * SCALE, "it is still served"
        data += opened[0].recv(1600)
        time.sleep(0.1)
    data += read_all(opened[0])
    assert time.monotonic() - begin > 19
    assert data[-16:-8] != b"\1\3\0\1\0\x08\0\0", "no client takes it for whole"
    assert handler.get("/health").status == 200
