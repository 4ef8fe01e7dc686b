"""A proxy between runners and Redis, for partitions: one listening port for each runner.

    proxy.py COUNT REDIS-PORT     prints the ports as JSON; then takes commands on standard input

    cut N hold        nothing passes any more; what is sent waits, as in a network that will heal
    cut N drop        bytes are swallowed, in both directions
    cut N deaf        the runner's commands arrive, Redis' answers are swallowed
    cut N mute        the other way round
    heal N resume     connections that missed nothing go on (what waited arrives late), others are reset
    heal N reset      all connections are reset

While a runner is cut off it notices nothing: not even that the other end has closed.
"""
import asyncio
import json
import socket
import struct
import sys

SWALLOWED = {"drop": {"up", "down"}, "deaf": {"down"}, "mute": {"up"}}


class Half(asyncio.Protocol):
    """One side of a pair of connections; what it reads goes to the other. way: "up" towards Redis, or "down"."""

    def __init__(self, port, way):
        self.port, self.way, self.other, self.transport = port, way, None, None
        self.lost, self.missed, self.early = False, False, []

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.way == "up":
            self.port.pairs.add(self)
            asyncio.ensure_future(self.connect())
        if self.port.mode == "hold":
            transport.pause_reading()

    async def connect(self):
        """Reach Redis. If Redis is not there, close the runner's connection."""
        other = Half(self.port, "down")
        try:
            await asyncio.get_running_loop().create_connection(lambda: other, "127.0.0.1", self.port.redis)
        except OSError:
            self.lost = True
            self.port.settle(self)
            return
        self.other, other.other = other, self
        for data in self.early:
            other.transport.write(data)
        if self.lost or other.lost:
            self.port.settle(self)

    def data_received(self, data):
        if self.way in SWALLOWED.get(self.port.mode, ()):
            self.missed = True
        elif self.other is None:
            self.early.append(data)
        else:
            self.other.transport.write(data)

    def connection_lost(self, exc):
        self.lost = True
        self.port.settle(self if self.way == "up" else self.other)


class Port:
    """All connections of one runner."""

    def __init__(self, redis):
        self.redis, self.mode, self.pairs = redis, None, set()

    def ends(self, pair):
        return [half for half in (pair, pair.other) if half is not None]

    def settle(self, pair):
        """One end has closed: close the other, unless that has to stay unnoticed just now."""
        if self.mode is None and pair in self.pairs:
            self.pairs.discard(pair)
            for half in self.ends(pair):
                half.transport.close()

    def reset(self, pair):
        self.pairs.discard(pair)
        for half in self.ends(pair):
            sock = half.transport.get_extra_info("socket")
            if not half.lost and sock is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            half.transport.abort()

    def cut(self, mode):
        self.mode = mode
        if mode == "hold":
            for half in [half for pair in self.pairs for half in self.ends(pair)]:
                half.transport.pause_reading()

    def heal(self, how):
        held, self.mode = self.mode == "hold", None
        for pair in list(self.pairs):
            halves = self.ends(pair)
            if how == "reset" or any(half.lost or half.missed for half in halves):
                self.reset(pair)
            elif held:
                for half in halves:
                    half.transport.resume_reading()


async def main():
    count, redis = int(sys.argv[1]), int(sys.argv[2])
    loop = asyncio.get_running_loop()
    ports = [Port(redis) for _ in range(count)]
    servers = [await loop.create_server(lambda port=port: Half(port, "up"), "127.0.0.1", 0, backlog=64)
               for port in ports]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().split():
        verb, number, argument = line
        getattr(ports[int(number)], verb)(argument)
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
