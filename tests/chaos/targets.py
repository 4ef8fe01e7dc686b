"""The APIs that jobs call: servers that write down every request before they answer, each with manners of its own.

    targets.py LOG SEED      prints {name: port} as JSON, and serves until SIGTERM

A process of its own, one thread on epoll, so that neither the injector nor a slow caller delays its clock; the kernel says when
a request arrived. SIGUSR1: from now on all of them behave, and who is being kept waiting is answered.

A line of the log:  arrival (ms) | name | connection | number of the request on it | path | job | scheduled | attempt | key |
                    four headers by which it proves itself (proofs.py)
"""
import heapq
import itertools
import json
import os
import random
import select
import signal
import socket
import struct
import sys
import time

from manners import MANNERS, OK, RESET, TRAP, good, refuse, trap

SO_TIMESTAMPNS = 35  # <asm-generic/socket.h>
HEADERS = (b"dronc-job-id", b"dronc-scheduled-time", b"dronc-attempt", b"idempotency-key",
           b"webhook-id", b"webhook-timestamp", b"webhook-signature", b"x-proof")


class Peer:
    """One connection."""

    def __init__(self, server, sock, name, number):
        self.server, self.sock, self.name, self.number = server, sock, name, number
        self.nth, self.waiting = -1, False  # waiting: for an answer
        self.inbox, self.outbox, self.closing = b"", b"", None

    # what manners are made of

    def send(self, data):
        if self.sock is not None:
            self.outbox += data
            self.waiting = False
            self.server.flush(self)

    def send_for(self, nth, data):
        """An answer to that request, unless it has had one."""
        if self.waiting and self.nth == nth:
            self.send(data)

    def close(self, linger=None):
        self.closing = linger or b""
        if self.sock is not None:
            self.server.flush(self)

    def later(self, seconds, action, *args):
        heapq.heappush(self.server.timers, (time.monotonic() + seconds, next(self.server.counter), action, args))

    def repeat(self, seconds, data):
        """The same again and again, as long as it is taken."""
        if self.sock is not None and not self.server.behave:
            if len(self.outbox) < 1 << 18:
                self.send(data)
            self.later(seconds, self.repeat, seconds, data)
        elif self.sock is not None:
            self.close(RESET)


class Server:
    def __init__(self, log, seed):
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.random, self.epoll, self.counter = random.Random(seed), select.epoll(), itertools.count()
        self.listeners, self.peers, self.timers, self.arrived = {}, {}, [], []
        self.behave = self.stopped = False
        self.trap_port = 0
        self.told = []

    def listen(self, name):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        listener.bind((TRAP if MANNERS[name] is trap else "127.0.0.1", 0))
        listener.setblocking(False)
        self.listeners[listener.fileno()] = (listener, name)
        if MANNERS[name] is not refuse:
            self.open(listener)
        port = listener.getsockname()[1]
        self.trap_port = port if MANNERS[name] is trap else self.trap_port
        return port

    def open(self, listener):
        listener.listen(4096)
        self.epoll.register(listener, select.EPOLLIN)

    def accept(self, listener, name):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.peers[sock.fileno()] = Peer(self, sock, name, next(self.counter))
            self.epoll.register(sock, select.EPOLLIN)

    def drop(self, peer):
        if peer.sock is not None:
            self.epoll.unregister(peer.sock)
            del self.peers[peer.sock.fileno()]
            peer.sock.close()
            peer.sock = None

    def flush(self, peer):
        try:
            if peer.outbox:
                peer.outbox = peer.outbox[peer.sock.send(peer.outbox):]
        except BlockingIOError:
            pass
        except OSError:
            self.drop(peer)
            return
        if peer.closing is not None and not peer.outbox:
            if peer.closing:
                peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, peer.closing)
            self.drop(peer)
        else:
            self.epoll.modify(peer.sock, select.EPOLLIN | (select.EPOLLOUT if peer.outbox else 0))

    def read(self, peer):
        try:
            data, extra, _, _ = peer.sock.recvmsg(65536, 256)
        except BlockingIOError:
            return
        except OSError:
            data, extra = b"", ()
        if not data:
            self.drop(peer)
            return
        peer.inbox += data
        if b"\r\n\r\n" in peer.inbox:
            head, _, peer.inbox = peer.inbox.partition(b"\r\n\r\n")
            peer.nth += 1
            peer.waiting = True
            self.arrived.append((peer, arrival(extra), head))

    def write_down_and_answer(self):
        arrived, self.arrived = self.arrived, []
        if arrived:
            os.write(self.log, b"".join(line_of(*one) for one in arrived))
        for peer, _, _ in arrived:
            if peer.sock is not None:
                (good if self.behave else MANNERS[peer.name])(peer)

    def be_good(self):
        """Nobody is kept waiting any longer."""
        for listener, name in self.listeners.values():
            if MANNERS[name] is refuse:
                self.open(listener)
        for peer in list(self.peers.values()):
            if peer.waiting:
                peer.send(OK)

    def on_signal(self, signum, _):
        """Noted only: between a request and its answer is no time to answer it."""
        self.told.append(signum)

    def obey(self):
        for signum in self.told:
            self.stopped |= signum == signal.SIGTERM
            if signum == signal.SIGUSR1 and not self.behave:
                self.behave = True
                self.be_good()
        self.told.clear()

    def run_timers(self):
        now = time.monotonic()
        while self.timers and self.timers[0][0] <= now:
            _, _, action, args = heapq.heappop(self.timers)
            action(*args)
        return min(0.5, max(0, self.timers[0][0] - time.monotonic())) if self.timers else 0.5

    def serve(self):
        while not self.stopped:
            for fd, event in self.epoll.poll(self.run_timers()):
                if fd in self.listeners:
                    self.accept(*self.listeners[fd])
                elif fd in self.peers:
                    peer = self.peers[fd]
                    if event & select.EPOLLOUT:
                        self.flush(peer)
                    if peer.sock is not None and event & ~select.EPOLLOUT:
                        self.read(peer)
            self.write_down_and_answer()
            self.obey()


def arrival(extra):
    """When the kernel received it, in ms."""
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return seconds * 1000 + nanoseconds // 1000000
    return int(time.time() * 1000)


def line_of(peer, at, head):
    line, *fields = head.split(b"\r\n")
    pairs = dict(field.split(b": ", 1) for field in fields if b": " in field)
    found = {name.lower(): value for name, value in pairs.items()}
    values = [found.get(name, b"-") for name in HEADERS]
    path = line.split(b" ")[1]
    return b"%d|%s|%d|%d|%s|%s\n" % (at, peer.name.encode(), peer.number, peer.nth, path, b"|".join(values))


def main():
    server = Server(sys.argv[1], sys.argv[2])
    ports = {name: server.listen(name) for name in MANNERS}
    signal.signal(signal.SIGUSR1, server.on_signal)
    signal.signal(signal.SIGTERM, server.on_signal)
    print(json.dumps(ports), flush=True)
    server.serve()


if __name__ == "__main__":
    main()
