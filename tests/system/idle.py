"""Targets that close connections which have been idle for too long, each behind a way of some length: what at-most-once calls get lost by."""
import asyncio
import collections
import itertools
import socket
import threading

CONNECTION_LIMIT_S = 120  # no client keeps one this long


class Loop:
    """An asyncio loop in a thread, and the servers on it."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.servers = []
        self.conversations = set()  # asyncio itself forgets tasks that wait for nothing but each other
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def serve(self, on_connection):
        """Serve on a free port, which is returned."""
        async def converse(reader, writer):
            self.conversations.add(asyncio.current_task())
            try:
                await on_connection(reader, writer)
            finally:
                self.conversations.discard(asyncio.current_task())
        listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.servers.append(asyncio.run_coroutine_threadsafe(asyncio.start_server(converse, sock=listener), self.loop).result(10))
        return listener.getsockname()[1]

    def stop(self):
        asyncio.run_coroutine_threadsafe(self._end_all(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    async def _end_all(self):
        for server in self.servers:
            server.close()
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class IdleTarget:
    """Answers, and closes a connection idle_s seconds after its last answer. tells: it says so in its answers."""

    def __init__(self, loop, idle_s, tells=False):
        self.idle_s = idle_s
        self.keys = collections.Counter()  # the requests, by Idempotency-Key
        self.connections = 0
        keep_alive = f"Keep-Alive: timeout={idle_s}\r\n" if tells else ""
        self.answer = f"HTTP/1.1 200 OK\r\n{keep_alive}Content-Length: 2\r\n\r\nok".encode()
        self.port = loop.serve(self._serve)

    async def _serve(self, reader, writer):
        self.connections += 1
        try:
            for nth in itertools.count():
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), self.idle_s if nth else CONNECTION_LIMIT_S)
                fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if line)
                self.keys[fields[b"idempotency-key"]] += 1
                writer.write(self.answer)
        except (asyncio.IncompleteReadError, asyncio.TimeoutError, ConnectionError):
            pass
        finally:
            writer.close()


class Way:
    """A proxy that hands everything on after half a round trip: bytes, and the end of them."""

    def __init__(self, loop, port, round_trip_s):
        self.target = port
        self.delay_s = round_trip_s / 2
        self.port = loop.serve(self._serve)

    async def _serve(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._hand_on(reader, far_writer), self._hand_on(far_reader, writer), return_exceptions=True)

    async def _hand_on(self, reader, writer):
        loop = asyncio.get_running_loop()
        data = b"?"
        while data:
            try:
                data = await reader.read(65536)
            except ConnectionError:
                data = b""
            loop.call_later(self.delay_s, self._deliver, writer, data)

    @staticmethod
    def _deliver(writer, data):
        if data:
            writer.write(data)
        else:
            writer.close()
