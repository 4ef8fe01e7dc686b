"""The API that jobs call: an HTTP server that remembers every request and answers as a test tells it to.

    hook = target.hook()                    a path of its own
    hook.answers(status(500), status(200))  to the first call, to all later ones
    hook.url                                what the job calls
    hook.wait_for_calls(2)                  what came, in order

A thread per connection; the kernel says when a request arrived, so that a busy test does not make calls look late.
"""
import itertools
import socket
import struct
import threading
import time

from harness import wait_for

SO_TIMESTAMPNS = 35  # <asm-generic/socket.h>; a message has the instant at which the kernel received it


class Request:
    """One request as it arrived. at: Unix seconds; nth: of the requests on its connection, from 0; body: bytes."""

    def __init__(self, at, head, connection, nth):
        self.body = b""
        line, *fields = head.decode("latin-1").split("\r\n")
        self.at, self.connection, self.nth = at, connection, nth
        self.method, self.uri, self.version = line.split(" ")
        self.path, _, self.query = self.uri.partition("?")
        pairs = [field.partition(":") for field in fields if field]
        self.headers = {name.lower(): value.removeprefix(" ") for name, _, value in pairs}
        assert len(self.headers) == len(pairs), f"a header came twice: {fields}"
        self.sent = 0  # bytes of the answer that were taken off us
        self.answered = None  # when the answer began; what the caller does because of it comes after that
        self.ended = None  # when the answer was complete, or the caller had gone, or a little later on a busy machine

    @property
    def key(self):
        return self.headers["idempotency-key"]

    @property
    def attempt(self):
        return int(self.headers["dronc-attempt"])

    @property
    def scheduled(self):
        """The occurrence, in Unix seconds."""
        return int(self.key.rsplit("-", 1)[1]) / 1000

    def __repr__(self):
        return f"<{self.method} {self.uri} at {self.at:.3f} {self.headers}>"


def at_once(calls):
    """The most calls that were under way at one time: each from its arrival until the target began to answer."""
    begins = [(call.at, 1) for call in calls]
    ends = [(call.answered or call.ended or time.time(), -1) for call in calls]
    most = now = 0
    for _, step in sorted(begins + ends):
        now += step
        most = max(most, now)
    return most


class Conversation:
    """What a behaviour works with: a request, and the connection to answer it on."""

    def __init__(self, hook, request, peer):
        self.hook, self.request, self.peer = hook, request, peer

    def send(self, data):
        self.request.answered = self.request.answered or time.time()
        self.peer.sendall(data)
        self.request.sent += len(data)

    def answer(self, code, body=b"ok", **headers):
        fields = {"Content-Length": len(body), **{k.replace("_", "-"): v for k, v in headers.items()}}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.send(f"HTTP/1.1 {code} Whatever\r\n{head}\r\n".encode() + (b"" if self.request.method == "HEAD" else body))
        return True


KEPT = {"Keep_Alive": "timeout=60"}  # in an answer: calls that are seconds apart may share its connection


# --- behaviours: called with a Conversation; true where the connection is to be kept ------------------------------


def status(code, body=b"ok", **headers):
    return lambda talk: talk.answer(code, body, **headers)


def redirect(location, code=302):
    return lambda talk: talk.answer(code, b"", Location=location)


def held(talk):
    """No answer until the test says hook.release()."""
    talk.hook.released.wait()
    return talk.answer(200)


def no_content(talk):
    talk.send(b"HTTP/1.1 204 No Content\r\n\r\n")
    return True


def endless_body(talk):
    talk.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        talk.send(b"2000\r\n" + bytes(8192) + b"\r\n")


def endless_headers(talk):
    talk.send(b"HTTP/1.1 200 OK\r\n")
    for n in itertools.count():
        talk.send(f"X-Header-{n}: {'x' * 1000}\r\n".encode())


def endless_header(talk):
    talk.send(b"HTTP/1.1 200 OK\r\nX-Header: ")
    while True:
        talk.send(b"x" * 8192)


def trickle(talk):
    """An answer in many small pieces."""
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok":
        talk.send(bytes([byte]))
        time.sleep(0.005)
    return True


def close(talk):
    """Read the request, say nothing, go."""
    return False


def slow(seconds):
    def answer_late(talk):
        time.sleep(seconds)
        return talk.answer(200)
    return answer_late


def answer_and_close(talk):
    """An answer that promises to keep the connection, which is then closed."""
    talk.answer(200)
    return False


def close_if_reused(talk):
    """The trap for clients that send a request again by themselves when a connection dies that was promised to be kept."""
    return talk.answer(200, **KEPT) if talk.request.nth == 0 else False


def reset(talk):
    talk.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def break_off(talk):
    talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    return False


def not_http(talk):
    talk.send(b"220 mail.example.com ESMTP\r\n" * 10)
    return False


# --- the server ---------------------------------------------------------------------------------------------------


class Hook:
    def __init__(self, target, path):
        self.target, self.path = target, path
        self.behaviours = [status(200)]
        self.released = threading.Event()

    @property
    def url(self):
        return self.target.url(self.path)

    def answers(self, *behaviours):
        self.behaviours = behaviours
        return self

    def release(self):
        self.released.set()

    @property
    def calls(self):
        with self.target.lock:
            return [request for request in self.target.requests if request.path == self.path]

    def wait_for_calls(self, count=1, timeout=10):
        return wait_for(lambda: (lambda calls: len(calls) >= count and calls)(self.calls), timeout,
                        f"{count} calls of {self.path}")


class Target:
    """listening: connections are taken from the start; else from listen() on, and refused until then."""

    def __init__(self, listening=True):
        self.lock = threading.Lock()
        self.requests = []
        self.connections = 0
        self.hooks = {}
        self.peers = set()
        self.numbers = itertools.count()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        if listening:
            self.listen()

    def listen(self):
        self.listener.listen(4096)
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def hook(self, path=None):
        path = path or f"/hook-{next(self.numbers)}"
        self.hooks[path] = Hook(self, path)
        return self.hooks[path]

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for hook in self.hooks.values():
            hook.release()
        with self.lock:
            peers = list(self.peers)
        for peer in peers:
            try:
                peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # gone already

    def _accept(self):
        for number in itertools.count():
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.peers.add(peer)
            threading.Thread(target=self._serve, args=(peer, number), daemon=True).start()

    def _serve(self, peer, number):
        try:
            with peer:
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for nth in itertools.count():
                    request = self._read(peer, number, nth)
                    if request is None or not self._behave(request, peer):
                        return
        except OSError:
            pass  # the caller has gone
        finally:
            with self.lock:
                self.peers.discard(peer)

    def _read(self, peer, number, nth):
        head, at = b"", None
        while b"\r\n\r\n" not in head:
            data, extra, _, _ = peer.recvmsg(65536, 256)
            if not data:
                return None
            if at is None:
                at = arrival(extra)
            head += data
            if head[:1] == b"\x16":
                return None  # TLS
        head, _, rest = head.partition(b"\r\n\r\n")
        request = Request(at, head, number, nth)
        length = int(request.headers.get("content-length", 0))
        assert "transfer-encoding" not in request.headers, "bodies come with their length"
        while len(rest) < length:
            data = peer.recv(65536)
            if not data:
                return None
            rest += data
        assert len(rest) == length, "nothing comes behind a request but its body"
        request.body = rest
        with self.lock:
            self.requests.append(request)
        return request

    def _behave(self, request, peer):
        hook = self.hooks.get(request.path)
        try:
            if hook is None:
                return Conversation(None, request, peer).answer(404)
            nth = sum(1 for call in hook.calls if call is not request)
            behaviour = hook.behaviours[min(nth, len(hook.behaviours) - 1)]
            return behaviour(Conversation(hook, request, peer))
        finally:
            request.ended = time.time()


def arrival(extra):
    """When the kernel received what recvmsg has just given."""
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return seconds + nanoseconds / 1e9
    return time.time()
