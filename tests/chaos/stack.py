"""The stack under test, with a place to hurt it at: three runners, each behind a proxy of its own and with a clock of its own,
handlers that share a socket, nginx as shipped, Redis as shipped. Started here and not by scripts/run, since each part has to be
killed and started again alone.
"""
import glob
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
import harness  # noqa: E402
from harness import DIST, ROOT, Program, environment, free_port, wait_for  # noqa: E402
from sealing import Keys  # noqa: E402

RUNNERS, HANDLERS = 3, 4
OPEN = "127.0.0.1"  # where calls may go, besides what is open as soon as there are API keys
DRAIN_MS = 5000  # some call hangs at any time, so every SIGTERM takes as long
FAKETIME, = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")  # the package libfaketime


class Clock:
    """The wall clock of one program, under libfaketime. Monotonic clocks are left alone."""

    def __init__(self, path):
        self.path = Path(path)
        self.set(0)
        asan = f"{os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0".strip(":")  # it wants to be the first
        self.env = {"ASAN_OPTIONS": asan, "LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": self.path, "FAKETIME_CACHE_DURATION": 1,
                    "FAKETIME_DONT_FAKE_MONOTONIC": 1}

    def set(self, seconds):
        """So far from the true time, within a second from now."""
        new = self.path.with_suffix(".new")
        new.write_text(f"{seconds:+.3f}\n")
        new.rename(self.path)


def forget_faketime(pid):
    """What libfaketime leaves of a process that was killed; a later one of the same pid would stumble over it."""
    for name in (f"/dev/shm/faketime_shm_{pid}", f"/dev/shm/sem.faketime_sem_{pid}"):
        Path(name).unlink(missing_ok=True)


class RedisClock:
    """Redis' wall clock, which is the clock that all runners follow: its steps are remembered for the checker."""

    def __init__(self, home):
        self.file, library = home / "redis.clock", home / "redis_clock.so"
        self.file.write_bytes(struct.pack("q", 0))
        subprocess.run(["gcc", "-O2", "-fPIC", "-shared", "-o", library, HERE / "redis_clock.c"], check=True)
        self.env = {"LD_PRELOAD": library, "CLOCK_OFFSET_FILE": self.file}
        self.steps = [(0, 0)]  # (when, by this machine's clock in ms; offset from then on, ms)

    def set(self, seconds):
        self.steps.append((int(time.time() * 1000), int(seconds * 1000)))
        with open(self.file, "r+b") as file:
            file.write(struct.pack("q", int(seconds * 1000000)))


class Redis(harness.Redis):
    """On a port (for the proxies) and a socket (for handlers and for us), on a clock that can be stepped."""

    def __init__(self, home):
        super().__init__(home, port=free_port())
        self.clock = RedisClock(self.home)

    def start(self, *options, wait=True):
        argv = ["redis-server", ROOT / "redis" / "redis.conf", "--dir", self.home, "--port", self.port, "--bind",
                "127.0.0.1", "--unixsocket", self.socket, *options]
        self.program = Program(self.home, "redis", argv, environment(**self.clock.env))
        if wait:
            wait_for(self.answers, 30, "Redis")
        return self

    def kill(self):
        kill_group(self.program)


def kill_group(program):
    """kill -9 of a program and of what it has forked. (Once it has been waited for, its number may be another process'.)"""
    if program.running:
        os.killpg(program.pid, signal.SIGKILL)
    program.process.wait()


class Part:
    """One program of the stack, which can be killed and started again. Whoever kills it is responsible for its start."""
    closed = False  # of all of them: nothing is started any more

    def __init__(self, name, start):
        self.name, self._start = name, start
        self.lock, self.program, self.wanted, self.deaths = threading.Lock(), None, False, []

    def start(self):
        with self.lock:
            if not self.wanted and not Part.closed:
                self._end()
                self.program, self.wanted = self._start(), True
        return self

    def kill(self):
        """Returns False if it is down already, by another fault."""
        with self.lock:
            if not self.wanted:
                return False
            self.note_death()
            self.wanted = False
            self._end()
            return True

    def terminate(self):
        """SIGTERM, and it may take its time: the next start does not wait any longer."""
        with self.lock:
            if not self.wanted:
                return False
            self.note_death()
            self.wanted = False
            self.program.signal(signal.SIGTERM)
            return True

    def _end(self):
        if self.program is not None:
            kill_group(self.program)
            forget_faketime(self.program.pid)

    def note_death(self):
        if self.program is not None and not self.program.running:
            self.deaths.append(f"{self.name} ended by itself ({self.program.process.returncode}): {self.program.err[-400:]}")

    def look_after(self):
        """Start it again where it has died without our doing; that is remembered."""
        with self.lock:
            if self.wanted and not self.program.running and not Part.closed:
                self.note_death()
                self.program = self._start()

    def stop(self, timeout=45):
        with self.lock:
            self.note_death()
            self.wanted = False
            if self.program.running:
                self.program.signal(signal.SIGCONT)
                code = self.program.terminate(timeout)
                forget_faketime(self.program.pid)
                return code
            return self.program.process.returncode


class Helper(Program):
    """A program of ours that tells where it listens in its first line, and takes commands."""

    def __init__(self, home, name, *argv):
        super().__init__(home, name, [sys.executable, *argv], environment(), stdin=subprocess.PIPE)
        wait_for(lambda: "\n" in self.out, what=f"{name} to listen")
        self.ports = json.loads(self.out.splitlines()[0])

    def tell(self, *words):
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())
        self.process.stdin.flush()


class Stack:
    def __init__(self, home, seed):
        self.home = Path(home)
        for folder in ("run/nginx", "log"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.seal = Keys(self.home)
        self.owner = self.token = None  # of API keys: that of one that may do everything; what clients show
        self.redis = Redis(self.home)
        self.redis_part = Part("redis", lambda: self.redis.start(wait=False).program)
        self.requests = self.home / "requests.log"
        self.targets = Helper(self.home, "targets", HERE / "targets.py", self.requests, seed)
        self.proxy = Helper(self.home, "proxy", HERE / "proxy.py", RUNNERS, self.redis.port)
        self.clocks = [Clock(self.home / f"runner{n}.clock") for n in range(RUNNERS)]
        self.handler_clock = Clock(self.home / "handler0.clock")
        self.listener = self.make_listener()
        self.runners = [Part(f"runner{n}", lambda n=n: self.start_runner(n)) for n in range(RUNNERS)]
        self.handlers = [Part(f"handler{n}", lambda n=n: self.start_handler(n)) for n in range(HANDLERS)]
        self.nginx = Part("nginx", self.start_nginx)
        self.parts = [self.redis_part, *self.handlers, self.nginx, *self.runners]

    # --- starting its programs ---

    def make_listener(self):
        """The handlers' socket stays open here, as it does with systemd: a handler that dies takes no waiting connection with it."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.home / "run" / "fcgi.sock"))
        listener.listen(128)
        return listener

    def start_runner(self, number):
        env = environment(REDIS_HOST="127.0.0.1", REDIS_PORT=self.proxy.ports[number], LOG_LEVEL="info",
                          LOG_FORMAT="json", RUNNER_DRAIN_TIMEOUT_MS=DRAIN_MS, SECRETS_KEY=self.seal.private,
                          TARGETS_ALLOW=OPEN, **self.clocks[number].env)
        return Program(self.home, f"runner{number}", [DIST / "dronc-runner"], env)

    def start_handler(self, number):
        clock = self.handler_clock.env if number == 0 else {}
        env = environment(REDIS_SOCKET=self.redis.socket, SECRETS_PUBLIC_KEY=self.seal.public, TARGETS_ALLOW=OPEN, **clock)
        return Program(self.home, f"handler{number}", [DIST / "dronc-fcgi"], env, stdin=self.listener.fileno())

    def start_nginx(self):
        site = (ROOT / "nginx" / "dronc.conf").read_text()
        limits = (ROOT / "nginx" / "limits.conf").read_text()
        conf = (ROOT / "nginx" / "nginx.conf.in").read_text()
        for name, value in (("@USER@", "user root;" if os.geteuid() == 0 else ""), ("@SITE@", site),
                            ("@LIMITS@", limits), ("@CONNECTIONS@", "1024"), ("@LISTEN@", f"127.0.0.1:{self.port}")):
            conf = conf.replace(name, value)
        (self.home / "run" / "nginx" / "nginx.conf").write_text(conf)
        path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
        return Program(self.home, "nginx", ["nginx", "-p", f"{self.home}/", "-e", "stderr", "-c", "run/nginx/nginx.conf",
                                            "-g", "daemon off;"], {**environment(), "PATH": path})

    def start(self):
        self.redis_part.start()
        wait_for(self.redis.answers, what="Redis")
        self.owner = self.token = harness.make_key({"REDIS_SOCKET": self.redis.socket})
        for part in self.parts:
            part.start()
        for part in self.runners:
            wait_for(lambda part=part: part.program.events("ready") or not part.program.running, what="a runner")
        wait_for(lambda: self.http.get("/health/deep").status == 200, what="a healthy stack")
        return self

    @property
    def http(self):
        http = Http(self.port)
        http.token = self.token
        return http

    def url(self, target, path):
        return f"http://127.0.0.1:{self.targets.ports[target]}{path}"

    # --- and ending them ---

    def look_after(self):
        for part in self.parts:
            part.look_after()

    def stop(self, wait):
        """In order, all but Redis, which the caller still has to read: the runners' exit codes. wait: called before each of these."""
        codes = []
        for part in self.runners:
            wait()
            codes.append(part.stop())
        self.nginx.stop()
        for part in self.handlers:
            part.stop()
        return codes

    def stop_rest(self):
        self.redis_part.stop()
        for helper in (self.proxy, self.targets):
            helper.process.stdin.close()
            helper.terminate()
        self.listener.close()

    def kill_everything(self):
        """When a run is broken off, perhaps in the middle of a fault."""
        Part.closed = True
        for part in self.parts:
            part.lock.acquire(timeout=5)  # a start that is under way has ended by then
        for pid in harness.processes_in(self.home):
            harness.kill(pid)
            forget_faketime(pid)

    @property
    def deaths(self):
        return [death for part in self.parts for death in part.deaths]


class Http(harness.HttpClient):
    def request(self, method, uri, body=None, headers=()):
        """As a client sees it: no answer is a status of 0."""
        try:
            return super().request(method, uri, body, headers)
        except (OSError, harness.http.client.HTTPException) as error:
            return harness.Response(0, {}, repr(error).encode())
