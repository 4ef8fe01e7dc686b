"""A network namespace in which every address is this machine's, the name server in it, and a web server at every address."""
import atexit
import ctypes
import os
import socket
import struct
import subprocess
import tempfile
import threading
from urllib.parse import unquote

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
A, AAAA = 1, 28
INHERITED = "DRONC_TEST_NAMES"  # in the environment of workers
SO_REUSEADDR = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def _leave(what):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(what) != 0:
        raise SystemExit(f"tests/security needs a network of its own, which only root can make: {os.strerror(ctypes.get_errno())}")


def _run(*commands):
    for command in commands:
        subprocess.run(command.split(), check=True)


def _ask_ourselves_for_names():
    """127.0.0.1 is the name server of this process and of all that it starts."""
    handle, path = tempfile.mkstemp(prefix="dronc-resolv-")
    atexit.register(os.unlink, path)
    with open(handle, "w") as conf:
        conf.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    os.chmod(path, 0o644)
    _leave(CLONE_NEWNS)
    _run("mount --make-rprivate /", f"mount --bind {path} /etc/resolv.conf")


def enter():
    """Leave the machine's network for an empty one: `lo` has all addresses of IPv4 and IPv6. A worker of pytest's inherits the name server."""
    if os.environ.get(INHERITED) is None:
        os.environ[INHERITED] = "1"
        _ask_ourselves_for_names()
    _leave(CLONE_NEWNET)
    _run("ip link set lo up", "ip route add local 0.0.0.0/0 dev lo", "ip -6 route add local ::/0 dev lo")


def plain(address):
    """As text, and a mapped address as the IPv4 address that it is."""
    return address.removeprefix("::ffff:") if "." in address and address.startswith("::ffff:") else address


class Names:
    """A name server: at[name] is a list of addresses of both families. A name that is not there does not exist."""

    def __init__(self, ttl=1):
        self.at, self.ttl, self.asked = {}, ttl, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(*SO_REUSEADDR)
        self.socket.bind(("127.0.0.1", 53))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            question, peer = self.socket.recvfrom(4096)
            if len(question) < 17:
                return  # the one that close sends
            self.socket.sendto(self._answer(question), peer)

    def _answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        kind, = struct.unpack_from(">H", question, at + 1)
        name = ".".join(labels).lower()
        self.asked.append(name)
        known = self.at.get(name)
        family = {A: socket.AF_INET, AAAA: socket.AF_INET6}.get(kind)
        rows = [socket.inet_pton(family, one) for one in known or [] if (":" in one) == (kind == AAAA)] if family else []
        head = struct.pack(">2sHHHHH", question[:2], 0x8180 if known else 0x8183, 1, len(rows), 0, 0)
        return head + question[12:at + 5] + b"".join(struct.pack(">HHHIH", 0xC00C, kind, 1, self.ttl, len(row)) + row for row in rows)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"", ("127.0.0.1", 53))
        self.thread.join()
        self.socket.close()


class Arrival:
    """A request. at: the address that it came to."""

    def __init__(self, at, head, body):
        line, *fields = head.decode("latin-1").split("\r\n")
        self.at, self.body = at, body
        self.method, self.uri, _ = line.split(" ")
        self.headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields if field)}

    def __repr__(self):
        return f"<{self.method} {self.uri} at {self.at}: {self.headers} {self.body!r}>"


class Everywhere:
    """Answers each request with 200, but /go/<status>/<place>, which leads to the place (percent-encoded), and /fail, a 500."""

    def __init__(self, port=80):
        self.lock = threading.Lock()
        self.arrivals, self.connections = [], []  # connections: the addresses that they were opened to
        self.listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=4096)
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self):
        with self.lock:
            self.arrivals, self.connections = [], []

    def to(self, uri):
        """The requests for a path."""
        with self.lock:
            return [one for one in self.arrivals if one.uri == uri]

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            at = plain(peer.getsockname()[0])
            with self.lock:
                self.connections.append(at)
            threading.Thread(target=self._serve, args=(peer, at), daemon=True).start()

    def _serve(self, peer, at):
        try:
            with peer:
                stream = peer.makefile("rb")
                while self._answer(stream, peer, at):
                    pass
        except OSError:
            pass  # the caller has gone

    def _answer(self, stream, peer, at):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                return False
            head += line
        arrival = Arrival(at, head[:-4], b"")
        arrival.body = stream.read(int(arrival.headers.get("content-length", 0)))
        with self.lock:
            self.arrivals.append(arrival)
        peer.sendall(self._respond(arrival.uri))
        return True

    @staticmethod
    def _respond(uri):
        if uri.startswith("/go/"):
            _, _, code, place = uri.split("/", 3)
            return f"HTTP/1.1 {code} Go\r\nLocation: {unquote(place)}\r\nContent-Length: 0\r\n\r\n".encode()
        return b"HTTP/1.1 %s\r\nContent-Length: 2\r\n\r\nok" % (b"500 No" if uri == "/fail" else b"200 OK")

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
