"""The store's scripts as they are, called one by one: as a handler or a runner would, but in whatever order a test likes, and by a clock
of the test's own."""
import os
import struct
import subprocess
import time

import redis as redis_client

import contract
from contract import ROOT
from harness import Program, environment, wait_for

SHARD = 3
PREFIX = b"dronc:{3}:"
KEEP = {"executions_max": 1000000, "history_max": 200, "dead_max": 100, "jobs_max": 0, "audit_max": 100000,
        "actor": "w:tester i:192.0.2.1"}


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
    """Each script under its own name, with the keys and arguments that contract.def gives it."""

    def __init__(self, redis, source=contract.STORE / "lua"):
        self.redis, self.db = redis, redis.db
        self.shas = {name: self.db.script_load(contract.source(name, source)) for name in contract.SCRIPTS}

    def call(self, name, **values):
        self.redis.set_clock()
        keys, args = contract.arguments(name, SHARD, **KEEP, **values)
        return self.db.evalsha(self.shas[name], len(keys), *keys, *args)

    def create(self, job, first, created, definition):
        return self.call("job_create", job_id=job, first_due=first, created=created, each=definition.items())

    def read(self, job):
        """What job_change wants to know of the job that it is to change; None if there is none."""
        created, version, epoch, born = self.db.hmget(key("job", job), "created", "version", "epoch", "born")
        return created and b" ".join((created, version or b"1", epoch or b"0", born or b"0"))

    def change(self, job, read, timing, definition=None):
        return self.call("job_change", job_id=job, read_state=read, timing=timing, redefined="1" if definition else "",
                         each=(definition or {}).items())

    def pause(self, job):
        return self.call("job_pause", job_id=job, reason="user", note="", by="")

    def delete(self, job):
        return self.call("job_delete", job_id=job, version="")

    def run(self, job, request, offset):
        return self.call("job_run", job_id=job, request=request, offset_ms=offset)

    def claim(self, runner, until, limit=100):
        return self.call("claim", runner=runner, until_ms=until, limit=limit, fresh_from=self.redis.now - 1000, backlog_limit=limit // 2)[2:]

    def start(self, runner, attempts):
        return self.call("start", runner=runner, each=attempts)

    def start_stateful(self, runner, attempts):
        return self.call("start_stateful", runner=runner, each=attempts)

    def confirm(self, runner, member, ticket):
        return self.call("confirm", runner=runner, each=[(member, ticket)])[0]

    def finish(self, runner, attempts, script="finish"):
        """Each: member, ticket, record, what next, when, the job's next instant."""
        return self.call(script, runner=runner, each=attempts)

    def finish_notice(self, runner, attempts):
        return self.call("finish_notice", runner=runner, each=attempts)

    def release(self, runner, attempts):
        return self.call("release", runner=runner, each=attempts)

    def skip(self, runner, attempts):
        return self.call("skip", runner=runner, each=attempts)

    def recover(self, runner, attempts=()):
        return self.call("recover", runner=runner, batch=100, attempts=2, error_text="the runner died", each=attempts)

    def redrive(self, members):
        return self.call("dead_redrive", attempts=2, first_us=0, step_us=0, each=[(member,) for member in members])[1:]

    def drop(self, members):
        return self.call("dead_drop", each=[(member,) for member in members])

    def rezone(self, job, stamp, was, due):
        return self.call("rezone", each=[(job, stamp, was, due)])[0]
