"""The target: it listens, reads requests, and plays what it is given, byte for byte. What it sees it tells its `book` (calls.py)."""
import asyncio
import fcntl
import itertools
import socket
import ssl
import struct
import termios
import time

LINGER_RESET = struct.pack("ii", 1, 0)
LINGER = 0.05  # seconds in which a client may take what was sent before the connection is closed
READ = 65536
SO_TIMESTAMPNS = 35   # asm-generic/socket.h
ARRIVAL_MS = 300


class Gone(Exception):
    """The client has closed the connection."""


def now_ms():
    return time.time() * 1000


class Channel:
    """One connection's bytes, with TLS where there is a context. Knows how to end in all the bad ways, which asyncio's own does not."""

    def __init__(self, peer, context=None):
        self.peer, self.loop, self.tls = peer, asyncio.get_running_loop(), None
        self.received_ms = 0  # when the kernel had what was read last, however late it was read
        if context is not None:
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    async def handshake(self):
        while self.tls is not None:
            try:
                self.tls.do_handshake()
                return await self.flush()
            except ssl.SSLWantReadError:
                await self.flush()
                self.incoming.write(await self.receive_raw())
            except ssl.SSLError as error:
                raise Gone from error
        return None

    async def readable(self):
        ready = self.loop.create_future()
        self.loop.add_reader(self.peer, lambda: ready.done() or ready.set_result(None))
        try:
            await ready
        finally:
            self.loop.remove_reader(self.peer)

    def read_now(self):
        data, control, _, _ = self.peer.recvmsg(1, 256, socket.MSG_PEEK)  # of the first byte; others may come later
        stamps = [struct.unpack("qq", value) for level, kind, value in control if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS)]
        if data:
            self.received_ms = stamps[-1][0] * 1000 + stamps[-1][1] / 1e6 if stamps else now_ms()
        return self.peer.recv(READ) if data else data

    async def receive_raw(self):
        while True:
            try:
                data = self.read_now()
                break
            except BlockingIOError:
                await self.readable()
            except OSError as error:
                raise Gone from error
        if not data:
            raise Gone
        return data

    def rest(self):
        """What the client has sent and the target has not read, at the end."""
        found = b""
        try:
            while data := self.read_now():
                if self.tls is None:
                    found += data
                else:
                    self.incoming.write(data)
                    found += self.tls.read(READ)
        except OSError:  # there is no more, or it is no TLS
            pass
        return found

    async def receive(self):
        while self.tls is not None:
            try:
                data = self.tls.read(READ)
                if not data:
                    raise Gone
                return data
            except ssl.SSLWantReadError:
                self.incoming.write(await self.receive_raw())
            except ssl.SSLError as error:
                raise Gone from error
        return await self.receive_raw()

    async def flush(self):
        if data := self.outgoing.read():
            await self.send_raw(data)

    async def send_raw(self, data):
        try:
            await self.loop.sock_sendall(self.peer, data)
        except OSError as error:
            raise Gone from error

    def has_arrived(self):
        """Has all that was sent been acknowledged? Not before is it in the client's hands: on a busy machine a packet waits for its turn, too."""
        return struct.unpack("i", fcntl.ioctl(self.peer, termios.TIOCOUTQ, bytes(4)))[0] == 0

    async def send(self, data):
        if self.tls is None:
            return await self.send_raw(data)
        try:
            for at in range(0, len(data), 16384):
                self.tls.write(data[at:at + 16384])
        except ssl.SSLError as error:
            raise Gone from error
        return await self.flush()

    async def end(self, how):
        """close, cut (the same, without TLS' own goodbye) or reset."""
        if how == "reset":
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
            return
        if how == "close" and self.tls is not None:
            try:
                self.tls.unwrap()
            except ssl.SSLError:
                pass  # it has queued our part, which is all that is wanted
            await self.flush()
        try:
            self.peer.shutdown(socket.SHUT_WR)
            await asyncio.wait_for(self.readable(), LINGER)
        except (OSError, asyncio.TimeoutError):
            pass


class Request:
    def __init__(self, head, at_ms):
        line, *rest = head.decode("latin-1").split("\r\n")
        self.method, self.path, self.version = line.split(" ", 2)
        self.headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
        self.at_ms = at_ms  # when it arrived, by the kernel's clock: a target that is late itself must not blame the client


class Connection:
    """What the book has to know of it. local: the address that the client asked for."""
    numbers = itertools.count()

    def __init__(self, local, tls, book):
        self.number, self.local, self.tls, self.book = next(self.numbers), local, tls, book
        self.answered = 0        # requests
        self.last = None         # the call that was answered last
        self.spoilt = None       # why nothing may come here any more
        self.has_litter = False  # bytes were sent that belong to no answer
        self.only_blank = False  # line ends alone, which may be skipped
        self.littered_ms = None  # when they had arrived, less what the client had waited for a processor
        self.unread = b""        # of a request that was not looked at
        self.is_lost = False     # it was used all the same: answers and requests do not fit together any more

    def begin_litter(self, only_blank):
        self.has_litter, self.only_blank, self.littered_ms = True, only_blank, None

    async def litter(self, channel, only_blank):
        """Something was sent that belongs to no answer. Wait for it to arrive, in the client's kernel at least."""
        # The last ones count: those before them may have been dropped with the answer, and these may have crossed a request.
        self.begin_litter(only_blank)
        self.book.littered(self)
        deadline = now_ms() + ARRIVAL_MS
        while self.littered_ms is None and now_ms() < deadline:
            if channel.has_arrived():
                self.littered_ms = now_ms() - self.book.waited_ms()
            else:
                await asyncio.sleep(0.002)


class Player:
    def __init__(self, book):
        self.book, self.servers, self.tasks, self.failures = book, [], set(), []

    def listen(self, context=None, opening=None):
        """The port of a listener on all of 127.0.0.0/8. opening(connection) → what to do before a request is read."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")  # nothing else may reach it
        listener.bind(("", 0))
        listener.listen(1024)
        listener.setblocking(False)
        self.servers.append((listener, asyncio.get_running_loop().create_task(self.accept(listener, context, opening))))
        return listener.getsockname()[1]

    async def accept(self, listener, context, opening):
        loop = asyncio.get_running_loop()
        while True:
            peer, _ = await loop.sock_accept(listener)
            peer.setblocking(False)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            task = loop.create_task(self.serve(peer, context, opening))
            self.tasks.add(task)
            task.add_done_callback(self.over)

    def over(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.failures.append(task.exception())

    async def serve(self, peer, context, opening):
        connection = Connection(peer.getsockname()[0], context is not None, self.book)
        with peer:
            channel = Channel(peer, context)
            try:
                act = opening(connection) if opening is not None else None
                if act is not None and not await self.open(channel, act):
                    return
                connection.has_litter = act is not None and act[2] in ("go", "encrypted") and act[1] != b""
                await channel.handshake()
                await self.converse(channel, connection)
            except Gone:
                pass
            finally:
                self.note_unanswered(channel, connection)
                self.book.closed(connection)

    def note_unanswered(self, channel, connection):
        """A request may have come behind the last answer: its client may have taken something for the answer to it."""
        head, end, _ = (connection.unread + channel.rest()).partition(b"\r\n\r\n")
        if end and connection.answered:
            self.book.note_unanswered(Request(head, channel.received_ms), connection)

    @staticmethod
    async def open(channel, act):
        """Do something before a request is read. Returns False if that was all. Raw: past TLS."""
        wait_ms, data, how = act
        await asyncio.sleep(wait_ms / 1000)
        if data and how != "encrypted":
            await channel.send_raw(data)
        if how in ("close", "reset"):
            await channel.end(how if channel.tls is None else "cut")
            return False
        if how == "silent":
            while True:
                await channel.receive_raw()
        if how == "encrypted":
            await channel.handshake()
            await channel.send(data)
        return True

    async def converse(self, channel, connection):
        buffered = b""
        while True:
            request, body, buffered = await self.read_head(channel, buffered)
            call = self.book.note(request, connection)
            answer = call.answer
            if not answer.eager:
                buffered = await self.read_body(channel, body, buffered)
            connection.answered += 1
            connection.is_lost = connection.has_litter and not connection.only_blank and connection.answered > 1 or connection.spoilt is not None
            connection.last = call
            await self.play(channel, connection, call)
            if answer.end != "keep" or connection.is_lost:
                self.book.closed(connection)
                await channel.end(answer.end if answer.end != "keep" else "close")
                return
            if answer.eager:
                buffered = await self.read_body(channel, body, buffered)
            if answer.late and not buffered and not call.reading.timeout:  # else it is still part of the answer
                buffered = await self.play_late(channel, connection, answer.late)

    @staticmethod
    async def read_head(channel, buffered):
        at_ms = channel.received_ms if buffered else None
        while b"\r\n\r\n" not in buffered:
            buffered += await channel.receive()
            at_ms = at_ms or channel.received_ms
            if buffered[:1] == b"\x16":
                raise Gone  # TLS, where there is none
        head, _, buffered = buffered.partition(b"\r\n\r\n")
        request = Request(head, at_ms)
        return request, int(request.headers.get("content-length", 0)), buffered

    @staticmethod
    async def read_body(channel, length, buffered):
        while len(buffered) < length:
            buffered += await channel.receive()
        return buffered[length:]

    @staticmethod
    async def play(channel, connection, call):
        """Send the answer. When bytes are sent that are behind it is noted: who comes later has to know."""
        sent, excess = 0, call.reading.excess
        try:
            for wait_ms, piece in call.answer.pieces:
                if wait_ms:
                    await asyncio.sleep(wait_ms / 1000)
                await channel.send(piece)
                sent += len(piece)
        finally:
            call.sent, call.sent_ms = sent, now_ms()
            if sent > excess >= 0:
                connection.begin_litter(call.reading.only_blank)  # also where the client has gone meanwhile
        connection.spoilt = call.reading.why_not or None
        if excess >= 0:
            await connection.litter(channel, call.reading.only_blank)

    @staticmethod
    async def play_late(channel, connection, late):
        """Send something into the silence behind an answer, unless another request comes first. Returns what was read."""
        for wait_ms, piece in late:
            reader = asyncio.ensure_future(channel.receive())
            try:
                done, _ = await asyncio.wait({reader}, timeout=wait_ms / 1000)
                if not done:
                    connection.begin_litter(not piece.strip(b"\r\n"))
                    await channel.send(piece)
                    await connection.litter(channel, not piece.strip(b"\r\n"))
                return await reader
            except Gone:
                connection.unread = reader.result() if reader.done() and not reader.exception() else b""
                raise
            finally:
                reader.cancel()
        return b""

    def close(self):
        for listener, task in self.servers:
            task.cancel()
            listener.close()
        for task in self.tasks:
            task.cancel()
