"""The store's scripts as they are, called one by one: as a handler or a runner would, but in whatever order a test likes, and by a clock
of the test's own."""
import os
import struct
import subprocess
import time
from pathlib import Path

import redis as redis_client

from harness import Program, environment, wait_for

ROOT = Path(__file__).resolve().parents[2]
SHARD = 3
PREFIX = b"dronc:{3}:"
KEEP = {"executions": 1000000, "history": 200, "dead": 100}


def key(name, rest=None):
    return PREFIX + name.encode() + (b"" if rest is None else b":" + rest)


class SteppedRedis:
    """A Redis whose wall clock is the test's, and stands still."""

    def __init__(self, home, *options):
        self.file, library = home / "redis.clock", home / "redis_clock.so"
        self.file.write_bytes(bytes(16))
        subprocess.run(["gcc", "-O2", "-fPIC", "-shared", "-o", library, ROOT / "tests/chaos/redis_clock.c"], check=True)
        asan = f"{os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0".strip(":")
        self.clock, self.now = open(self.file, "r+b", buffering=0), int(time.time()) * 1000
        self.program = Program(home, "stepped-redis", ["redis-server", "--port", "0", "--unixsocket", home / "r", "--dir", home, "--save", "",
                                                       *options],
                               environment(LD_PRELOAD=library, CLOCK_OFFSET_FILE=self.file, ASAN_OPTIONS=asan))
        self.db = redis_client.Redis(unix_socket_path=str(home / "r"))
        wait_for(self.answers, what="Redis")

    def answers(self):
        try:
            return self.db.ping()
        except redis_client.RedisError:
            return False

    def set_clock(self):
        """It is `now` (ms) there, until it is set again."""
        self.clock.seek(8)
        self.clock.write(struct.pack("q", self.now * 1000))

    def close(self):
        self.db.close()
        self.program.kill()
        self.clock.close()


class Scripts:
    """Each script under its own name, with the keys and arguments that lib/store/ give it."""

    def __init__(self, redis, source=ROOT / "lib" / "store" / "lua"):
        self.redis, self.db, self.shas = redis, redis.db, {}
        for path in source.glob("*.lua"):
            text = subprocess.check_output([ROOT / "scripts" / "lua-source", source, path.stem])
            self.shas[path.stem] = self.db.script_load(text)

    def call(self, name, keys, *argv):
        self.redis.set_clock()
        return self.db.evalsha(self.shas[name], len(keys), *keys, *argv)

    def create(self, job, first, created, definition):
        keys = [key("job", job), *map(key, ("due", "broken", "retry", "holders", "jobs", "executions", "gone", "token"))]
        fields = [text for pair in definition.items() for text in pair]
        return self.call("job_create", keys, job, SHARD, first, created, 1000, key("claimed", b""), key("job", b""), key("history", b""), *fields)

    def read(self, job):
        """What job_change wants to know of the job that it is to change; None: there is none."""
        created, version, epoch, born = self.db.hmget(key("job", job), "created", "version", "epoch", "born")
        return created and b" ".join((created, version or b"1", epoch or b"0", born or b"0"))

    def change(self, job, read, first, definition=None):
        keys = [key("job", job), *map(key, ("due", "broken", "retry", "holders", "executions", "gone"))]
        fields = [text for pair in (definition or {}).items() for text in pair]
        return self.call("job_change", keys, job, SHARD, read, first, key("claimed", b""), key("job", b""), key("history", b""),
                         "1" if definition else "", *fields)

    def pause(self, job):
        return self.call("job_pause", [key("job", job), key("due"), key("broken")], job, "user", "", "")

    def delete(self, job):
        keys = [key("job", job), key("due"), key("broken"), key("history", job), *map(key, ("jobs", "dead", "executions", "gone"))]
        return self.call("job_delete", keys, job, "", key("job", b""), key("history", b""))

    def run(self, job, request, offset):
        keys = [key("job", job), *map(key, ("retry", "broken", "holders", "executions", "gone"))]
        return self.call("job_run", keys, job, SHARD, request, offset, key("claimed", b""), key("job", b""), key("history", b""))

    def claim(self, runner, until, limit=100):
        keys = [key("due"), key("retry"), key("claimed", runner), *map(key, ("holders", "token", "executions", "gone"))]
        return self.call("claim", keys, runner, until, limit, key("job", b""), self.redis.now - 1000, limit // 2, key("history", b""),
                         KEEP["executions"], KEEP["history"])[2:]

    def start(self, runner, attempts):
        flat = [text for attempt in attempts for text in attempt]
        return self.call("start", [key("claimed", runner), key("due"), key("retry")], SHARD, key("job", b""), *flat)

    def start_watched(self, runner, attempts):
        keys = [key("claimed", runner), *map(key, ("due", "retry", "holders", "executions", "gone"))]
        flat = [text for attempt in attempts for text in attempt]
        return self.call("start_watched", keys, SHARD, key("job", b""), key("claimed", b""), key("history", b""), KEEP["executions"],
                         KEEP["history"], *flat)

    def confirm(self, runner, member, ticket):
        return self.call("confirm", [key("claimed", runner)], member, ticket)[0]

    def finish(self, runner, attempts, script="finish"):
        """Each: member, ticket, record, what next, when, the job's next instant."""
        keys = [key("claimed", runner), *map(key, ("retry", "dead", "executions", "due", "gone", "holders"))]
        flat = [text for attempt in attempts for text in attempt]
        return self.call(script, keys, SHARD, key("history", b""), KEEP["executions"], KEEP["history"], KEEP["dead"], key("job", b""),
                         key("claimed", b""), *flat)

    def finish_notice(self, runner, attempts):
        flat = [text for attempt in attempts for text in attempt]
        return self.call("finish_notice", [key("claimed", runner), key("retry")], SHARD, key("job", b""), *flat)

    def release(self, runner, attempts):
        flat = [text for attempt in attempts for text in attempt]
        return self.call("release", [key("claimed", runner), key("due"), key("retry")], SHARD, key("job", b""), *flat)

    def skip(self, runner, attempts):
        flat = [text for attempt in attempts for text in attempt]
        return self.call("skip", [key("claimed", runner), key("due"), key("executions"), key("gone")], SHARD, key("job", b""),
                         key("history", b""), KEEP["executions"], KEEP["history"], *flat)

    def recover(self, runner, attempts=()):
        keys = [key("claimed", runner), *map(key, ("due", "retry", "dead", "executions", "holders", "gone"))]
        flat = [text for attempt in attempts for text in attempt]
        return self.call("recover", keys, runner, SHARD, key("job", b""), key("history", b""), 100, 2, KEEP["executions"], KEEP["history"],
                         KEEP["dead"], key("claimed", b""), "the runner died", *flat)

    def redrive(self, members):
        keys = [key("dead"), key("dead", b"records"), key("retry"), key("holders")]
        return self.call("dead_redrive", keys, SHARD, key("job", b""), 2, 0, 0, key("claimed", b""), *members)[1:]

    def rezone(self, job, stamp, was, due):
        return self.call("rezone", [key("due"), key("executions")], SHARD, key("job", b""), key("history", b""), job, stamp, was, due)[0]
