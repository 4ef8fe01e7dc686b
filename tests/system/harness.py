"""What the system tests are written with: the stack as a user starts it, its programs one by one, and ways to talk to them.

Everything lives under one temporary directory (the working directory of every process that is started here), listens on
free ports or Unix sockets in it, and is stopped by its pid. Waits are for conditions: see wait_for.
"""
import http.client
import io
import json
import os
import random
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import redis as redis_client
from redis.backoff import NoBackoff
from redis.retry import Retry

ROOT = Path(__file__).resolve().parents[2]
DIST = Path(os.environ.get("DRONC_DIST") or ROOT / "dist").resolve()
VERSION = re.search(r'^#define DRONC_VERSION "(.*)"$', (ROOT / "lib" / "base" / "version.h").read_text(), re.M)[1]
RUN = ROOT / "scripts" / "run"
SHARDS = 16
NEVER_SOON = "0 0 29 2 *"  # jobs that are stored and not called while the tests run


def _sanitized():
    return b"__asan_init" in (DIST / "dronc-runner").read_bytes()


SANITIZED = _sanitized()
# How much longer things may take: sanitizers make the programs slower.
SCALE = float(os.environ.get("DRONC_TEST_SCALE") or (3 if SANITIZED else 1))


def wait_for(predicate, timeout=10.0, what=None):
    """The first true value of predicate(); fails where there is none in time."""
    deadline = time.monotonic() + timeout * SCALE
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout * SCALE:g} s: {what or 'a condition'} (last: {value!r})")
        time.sleep(0.01)


RESERVED = []


def reserve(port):
    """Keep a port from every other test on this machine until this process ends: who has the abstract socket of that name has the port."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0dronc-test-port-{port}")
    except OSError:
        mark.close()
        return False
    RESERVED.append(mark)
    return True


def free_port():
    """A port that nothing listens on and that no other test is given, below those that the kernel gives to outgoing connections."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if reserve(port):
            return port


def forget_ignored_signals():
    """A shell that starts the tests in the background ignores SIGINT for them, nohup does SIGHUP, and whom we start would inherit that."""
    for signum in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(signum) == signal.SIG_IGN:
            signal.signal(signum, signal.SIG_DFL)


forget_ignored_signals()


def environment(**settings):
    """The environment of a program under test: none of the caller's own settings."""
    kept = ("PATH", "HOME", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
    env = {name: os.environ[name] for name in kept if name in os.environ}
    env["DRONC_DIST"] = str(DIST)
    env.update((name, str(value)) for name, value in settings.items() if value is not None)
    return env


# --- processes ----------------------------------------------------------------------------------------------------


def processes_in(folder):
    """{pid: name} of the processes whose working directory is folder or below it."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            cwd = os.readlink(f"/proc/{entry}/cwd")
            if cwd == str(folder) or cwd.startswith(f"{folder}/"):
                name = Path(f"/proc/{entry}/comm").read_text().strip()
                if state_of(entry) not in "ZX":
                    found[int(entry)] = name
        except (OSError, ValueError):
            pass  # it has just ended
    return found


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def is_alive(pid):
    try:
        return state_of(pid) not in "ZX"
    except OSError:
        return False


def kill(pid):
    """kill -9 of what may have ended by itself just now."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def sanitizer_reports(folder):
    """What sanitizers have to say in any log below folder: where they begin to, and the lines that follow."""
    words = ("ERROR: AddressSanitizer", "LeakSanitizer", "runtime error:", "AddressSanitizer:DEADLYSIGNAL")
    reports = []
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and path.suffix in (".log", ".out", ".err"):
            lines = path.read_text(errors="replace").splitlines()
            first = next((n for n, line in enumerate(lines) if any(word in line for word in words)), None)
            if first is not None:
                reports.append("\n".join([f"{path.name}:", *lines[first:first + 15]]))
    return reports


class Program:
    """A process in a folder of its own, its output in <name>.out and <name>.err there."""

    def __init__(self, home, name, argv, env, stdin=subprocess.DEVNULL):
        self.home = Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.name = name
        with open(self.home / f"{name}.out", "ab") as out, open(self.home / f"{name}.err", "ab") as err:
            self.begin = {"out": out.tell(), "err": err.tell()}  # what an earlier start wrote is none of ours
            self.process = subprocess.Popen([str(a) for a in argv], env=env, stdin=stdin, stdout=out, stderr=err,
                                            cwd=self.home, start_new_session=True)
        self.pid = self.process.pid

    def _written(self, kind):
        with open(self.home / f"{self.name}.{kind}", "rb") as file:
            file.seek(self.begin[kind])
            return file.read().decode(errors="replace")

    @property
    def out(self):
        return self._written("out")

    @property
    def err(self):
        return self._written("err")

    @property
    def log(self):
        """The JSON lines of standard output."""
        return [json.loads(line) for line in self.out.splitlines(keepends=True)
                if line.startswith("{") and line.endswith("\n")]

    def events(self, event):
        return [line for line in self.log if line["event"] == event]

    def signal(self, signum):
        self.process.send_signal(signum)

    def exit_code(self, timeout=15):
        """Wait for its end."""
        return wait_for(lambda: self.process.poll() is not None and (self.process.returncode,), timeout,
                        f"the end of {self.name}")[0]

    def terminate(self, timeout=15):
        self.signal(signal.SIGTERM)
        return self.exit_code(timeout)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    @property
    def running(self):
        return self.process.poll() is None


# --- talking to Dronc ---------------------------------------------------------------------------------------------


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:400]!r}>"

    @property
    def json(self):
        assert self.headers["content-type"] == "application/json", self
        return json.loads(self.body)

    @property
    def any_json(self):
        """Of any type of JSON, such as application/problem+json."""
        return json.loads(self.body)

    @property
    def lines(self):
        """The objects of an answer that has one in each line."""
        assert self.headers["content-type"] == "application/x-ndjson", self
        return [json.loads(line) for line in self.body.splitlines()]

    @property
    def error(self):
        """The error object, with the checks that hold for every error."""
        assert set(self.json) == {"error"}, self
        error = self.json["error"]
        assert isinstance(error["code"], str) and error["message"], self
        return error

    @property
    def code(self):
        return self.error["code"] if self.status >= 400 else "OK"


def admin(*args, cwd=None, **settings):
    """dronc-admin, when it has ended."""
    return subprocess.run([DIST / "dronc-admin", *args], env=environment(**settings), cwd=cwd, capture_output=True, text=True,
                          timeout=30 * SCALE, check=False)


def make_key(settings, *args):
    """The token of a new API key in the Redis of these settings; args: dronc-admin's."""
    done = admin("key", "create", *(args or ("--scopes", "*")), **settings)
    assert done.returncode == 0, done
    return done.stdout.strip()


class Client:
    """What can be asked of the API; how the request gets there is request()'s business."""

    token = None  # of an API key, which goes along with each request that names no other

    def with_token(self, headers):
        return {"authorization": self.token and f"Bearer {self.token}", **dict(headers)}

    def request(self, method, uri, body=None, headers=()):
        raise NotImplementedError

    def get(self, uri, **headers):
        return self.request("GET", uri, headers=headers)

    def post(self, body, **headers):
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        headers.setdefault("content_type", "application/json")
        return self.request("POST", "/v1/schedule/api-caller", body, headers)

    def schedule(self, schedule, api, kind="ATMOST_ONCE", **fields):
        """The id of a job that is stored now."""
        answer = self.post({"schedule": schedule, "api": api, "type": kind, **fields})
        assert answer.status == 201, answer
        return answer.json["job_id"]

    def job(self, job_id, command="", method="GET", body=None, **headers):
        """What is answered to a request about one job."""
        if body is not None:
            headers.setdefault("content_type", "application/json")
            body = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return self.request(method, f"/v1/jobs/{job_id}{command}", body, headers)

    def patch(self, job_id, change, query="", **headers):
        return self.job(job_id, query, "PATCH", change, **headers)

    def delete(self, job_id, **headers):
        return self.job(job_id, "", "DELETE", **headers)

    def pause(self, job_id, body=None):
        return self.job(job_id, "/pause", "POST", "" if body is None else body)

    def resume(self, job_id):
        return self.job(job_id, "/resume", "POST", "")

    def run(self, job_id):
        return self.job(job_id, "/run", "POST", "")

    def jobs(self, **query):
        answer = self.get(f"/v1/jobs?{urlencode(query)}" if query else "/v1/jobs")
        assert answer.status == 200, answer
        return answer.json

    def all_jobs(self, **query):
        """The ids of all jobs, page by page."""
        page = self.jobs(**query)
        ids = [job["job_id"] for job in page["jobs"]]
        while page["next_cursor"]:
            page = self.jobs(cursor=page["next_cursor"], **query)
            ids += [job["job_id"] for job in page["jobs"]]
        return ids

    def batch(self, lines, **headers):
        """What is answered to many definitions at once: lines as bytes, or a list of objects."""
        body = lines if isinstance(lines, (bytes, str)) else "".join(json.dumps(line) + "\n" for line in lines)
        headers.setdefault("content_type", "application/x-ndjson")
        return self.request("POST", "/v1/jobs:batch", body, headers)

    def export(self):
        """All jobs, as bytes."""
        answer = self.get("/v1/jobs:export")
        assert answer.status == 200, answer
        return answer.body

    def executions(self, **query):
        answer = self.get(f"/v1/track/executions?{urlencode(query)}" if query else "/v1/track/executions")
        assert answer.status == 200, answer
        return answer.json["executions"]

    def wait_for_executions(self, job_id, count=1, timeout=10):
        """At least count executions of a job, oldest first."""
        return wait_for(lambda: (lambda found: len(found) >= count and found)(self.executions(job_id=job_id)[::-1]),
                        timeout, f"{count} executions of {job_id}")


def _header_names(headers):
    return {name.replace("_", "-"): value for name, value in dict(headers).items() if value is not None}


class HttpClient(Client):
    def __init__(self, port, timeout=15):
        self.port, self.timeout = port, timeout * SCALE

    def request(self, method, uri, body=None, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        try:
            connection.request(method, uri, body, _header_names(self.with_token(headers)))
            answer = connection.getresponse()
            return Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def raw(self, data):
        """Send bytes, and read the answer to them."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout) as peer:
            peer.sendall(data)
            answer = http.client.HTTPResponse(peer)
            answer.begin()
            return Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())


def parse_cgi(data):
    """An answer as CGI and FastCGI programs give it."""
    head, _, body = data.partition(b"\r\n\r\n")
    headers = http.client.parse_headers(io.BytesIO(head + b"\r\n\r\n"))
    headers = {k.lower(): v for k, v in headers.items()}
    return Response(int(headers.pop("status", "200").split()[0]), headers, body)


def cgi_variables(method, uri, body, headers):
    headers = _header_names(headers)
    variables = {"GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_METHOD": method,
                 "REQUEST_URI": uri, "QUERY_STRING": uri.partition("?")[2]}
    if body is not None:
        variables["CONTENT_LENGTH"] = str(len(body))
    if "content-type" in headers:
        variables["CONTENT_TYPE"] = headers["content-type"]
    variables.update(("HTTP_" + name.upper().replace("-", "_"), value) for name, value in headers.items()
                     if name not in ("content-type", "content-length"))
    return variables


class FastCgiClient(Client):
    """Asks a handler without a web server. variables: what a web server would tell besides, such as SERVER_ADDR."""

    variables = {}

    def __init__(self, path, timeout=15):
        self.path, self.timeout = str(path), timeout * SCALE

    def request(self, method, uri, body=None, headers=()):
        body = body.encode() if isinstance(body, str) else body
        params = b"".join(self._pair(k.encode(), v.encode())
                          for k, v in {**cgi_variables(method, uri, body, self.with_token(headers)), **self.variables}.items())
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(self.timeout)
            peer.connect(self.path)
            peer.sendall(self._record(1, struct.pack(">HB5x", 1, 0)) + self._stream(4, params)
                         + self._stream(5, body or b""))
            return parse_cgi(self._answer(peer.makefile("rb")))

    @staticmethod
    def _pair(name, value):
        lengths = b"".join(struct.pack(">B", len(x)) if len(x) < 128 else struct.pack(">I", len(x) | 1 << 31)
                           for x in (name, value))
        return lengths + name + value

    @staticmethod
    def _record(kind, content):
        return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content

    @classmethod
    def _stream(cls, kind, content):
        pieces = [content[i:i + 60000] for i in range(0, len(content), 60000)]
        return b"".join(cls._record(kind, piece) for piece in pieces) + cls._record(kind, b"")

    @staticmethod
    def _answer(stream):
        out = b""
        while True:
            head = stream.read(8)
            assert len(head) == 8, "the handler closed the connection without an answer"
            _, kind, _, length, padding = struct.unpack(">BBHHBx", head)
            content = stream.read(length + padding)[:length]
            if kind == 6:
                out += content
            elif kind == 3:
                return out


# --- Dronc's data in Redis ----------------------------------------------------------------------------------------


def id_bytes(job_id):
    return bytes.fromhex(job_id.removeprefix("capi:"))


def key_of(job_id, name):
    """The key `name` of the job's shard."""
    return f"dronc:{{{id_bytes(job_id)[0] % SHARDS}}}:{name}".encode()


def job_key(job_id, name="job"):
    """A key of the job itself."""
    return key_of(job_id, name) + b":" + id_bytes(job_id)


def snapshot(db):
    """Everything in Redis that jobs leave there, without the runners' heartbeats."""
    return {key: db.dump(key) for key in db.keys("*") if key != b"dronc:runners"}


# --- instants -----------------------------------------------------------------------------------------------------


def at_second(instant):
    """A schedule that fires once, at a whole second."""
    t = time.gmtime(instant)
    return f"{t.tm_sec} {t.tm_min} {t.tm_hour} {t.tm_mday} {t.tm_mon} ? {t.tm_year}"


def soon(seconds=0.0):
    """A whole second, at least a quarter of a second (and `seconds` more) from now."""
    return int(time.time() + 0.25 * SCALE + seconds) + 1


# --- Redis, alone -------------------------------------------------------------------------------------------------


def ask_redis(socket_path, **options):
    """A client that says what Redis says, the first time: some releases ask again by themselves while it is loading."""
    return redis_client.Redis(unix_socket_path=str(socket_path), retry=Retry(NoBackoff(), 0), **options)


class Redis:
    """A Redis of a test's own, set up as Dronc's is."""

    def __init__(self, home, *options, password=None, port=0, folder="redis", env=()):
        self.home, self.options, self.password, self.port = Path(home) / folder, options, password, port
        self.env = dict(env)
        self.home.mkdir(parents=True, exist_ok=True)
        self.socket = self.home / "redis.sock"
        self.program = None

    def start(self, *options, wait=True):
        login = ["--requirepass", self.password] if self.password else []
        argv = ["redis-server", ROOT / "redis" / "redis.conf", "--dir", self.home, "--port", self.port, "--maxmemory", "1gb", "--bind",
                "127.0.0.1", "--unixsocket", self.socket, *login, *self.options, *options]
        self.program = Program(self.home, "redis", argv, environment(**self.env))
        if wait:
            wait_for(self.answers, what="Redis")
        return self

    def client(self, **options):
        return ask_redis(self.socket, password=self.password, **options)

    def answers(self):
        try:
            return self.client(socket_timeout=1).ping()
        except redis_client.RedisError:
            return False

    def kill(self):
        self.program.kill()

    def pause(self):
        self.program.signal(signal.SIGSTOP)
        wait_for(lambda: state_of(self.program.pid) == "T")

    def resume(self):
        self.program.signal(signal.SIGCONT)

    def settings(self, **more):
        return {"REDIS_SOCKET": self.socket, "REDIS_PASSWORD": self.password, **more}

    def drop_clients(self):
        """Close every other connection, so that each has to be made anew."""
        with self.client() as db:
            db.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            db.execute_command("CLIENT", "KILL", "TYPE", "pubsub")


# --- the two programs, alone --------------------------------------------------------------------------------------


class Runner(Program):
    def __init__(self, home, redis, *args, name="runner", **settings):
        super().__init__(home, name, [DIST / "dronc-runner", *args], environment(**redis.settings(**settings)))

    def wait_until_ready(self):
        wait_for(lambda: self.events("ready") or not self.running, what="a runner that is ready")
        assert self.running, self.err
        return self

    @property
    def name_in_redis(self):
        return self.events("ready")[0]["runner"]

    @property
    def calls(self):
        return [line for line in self.log if line["event"] in ("call succeeded", "call failed")]


class Handler(Program, FastCgiClient):
    """dronc-fcgi on a listening socket as its standard input, as spawn-fcgi and systemd give it. program: another build of it."""

    def __init__(self, home, redis, *args, name="handler", program=DIST / "dronc-fcgi", **settings):
        path = Path(home) / f"{name}.sock"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(64)
            Program.__init__(self, home, name, [program, *args], environment(**redis.settings(**settings)),
                             stdin=listener.fileno())
        FastCgiClient.__init__(self, path)


class CgiClient(Client):
    """dronc-fcgi as a plain CGI program: a process for each request."""

    def __init__(self, home, redis, **settings):
        self.home, self.env = home, environment(**redis.settings(**settings))

    def request(self, method, uri, body=None, headers=()):
        body = body.encode() if isinstance(body, str) else body
        done = subprocess.run([DIST / "dronc-fcgi"], input=body or b"", capture_output=True, cwd=self.home,
                              env={**self.env, **cgi_variables(method, uri, body, headers)}, timeout=15 * SCALE,
                              check=False)
        with open(Path(self.home) / "cgi.err", "ab") as err:
            err.write(done.stderr)
        assert done.returncode == 0, done
        return parse_cgi(done.stdout)


# --- the whole stack ----------------------------------------------------------------------------------------------


class Stack(HttpClient):
    """scripts/run, which is what `make run` ends in."""

    def __init__(self, home, **settings):
        super().__init__(free_port())
        self.home = Path(home)
        self.data = self.home / "data"
        self.settings = {"DATA_DIR": self.data, "FCGI_PROCESSES": 2, **settings}
        self.program = None

    def start(self):
        for _ in range(3):
            self.settings["HTTP_PORT"] = self.port
            self.program = Program(self.home, "run", [RUN], environment(**self.settings))
            wait_for(lambda: not self.program.running or self.is_up(), 20, "a healthy stack")
            if self.program.running:
                return self
            if "is taken" not in self.program.err.splitlines()[-1]:
                break
            self.port = free_port()
        raise AssertionError(f"the stack did not start: {self.program.err}")

    def is_up(self):
        """Healthy, and the runner ready."""
        return self.program.events("ready") and self.program.running

    def fail_to_start(self):
        """Start what cannot start: its exit code and the lines that it says."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.settings["HTTP_PORT"] = self.settings.get("HTTP_PORT", self.port)
        done = subprocess.run([RUN], env=environment(**self.settings), capture_output=True, text=True, cwd=self.home,
                              timeout=30 * SCALE, check=False, start_new_session=True, stdin=subprocess.DEVNULL)
        assert done.stdout == "", done
        return done.returncode, done.stderr.splitlines()

    def stop(self):
        """SIGTERM, and its exit code."""
        return self.program.terminate(30)

    def kill_everything(self):
        """kill -9 of all of it, the terminal's process included."""
        self.program.kill()
        while processes_in(self.data):
            for pid in processes_in(self.data):
                kill(pid)

    def pids(self, name):
        """The content of a pid file."""
        try:
            return [int(line) for line in (self.data / "run" / f"{name}.pid").read_text().split()]
        except FileNotFoundError:
            return []

    def redis(self):
        return ask_redis(self.data / "run" / "redis.sock")

    @property
    def log(self):
        return self.program.log

    def all_logs(self):
        """Everything that the stack wrote, the data excepted."""
        files = [self.home / "run.out", self.home / "run.err", *(self.data / "log").glob("*")]
        return "".join(path.read_text(errors="replace") for path in files)


# --- a terminal ---------------------------------------------------------------------------------------------------


class Terminal:
    """A program on a pseudo-terminal of its own."""

    def __init__(self, home, argv, env):
        master, slave = os.openpty()
        Path(home).mkdir(parents=True, exist_ok=True)

        def own_terminal():
            import fcntl
            import termios
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen([str(a) for a in argv], stdin=slave, stdout=slave, stderr=slave, cwd=home,
                                        env=env, start_new_session=True, preexec_fn=own_terminal)
        os.close(slave)
        self.master, self.text, self.hung_up = master, "", False
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        try:
            while not self.hung_up:
                if select.select([self.master], [], [], 0.1)[0]:
                    self.text += os.read(self.master, 65536).decode(errors="replace")
        except OSError:
            pass  # the last one has closed the terminal

    def type(self, text):
        os.write(self.master, text.encode())

    def wait_for_text(self, pattern, timeout=15):
        try:
            return wait_for(lambda: re.search(pattern, self.text), timeout)
        except AssertionError as late:
            raise AssertionError(f"no {pattern!r} on the terminal, but: {self.text!r}") from late

    def exit_code(self, timeout=30):
        code = wait_for(lambda: self.process.poll() is not None and (self.process.returncode,), timeout,
                        "the end of the program on the terminal")[0]
        self.reader.join(5)
        return code

    def hang_up(self):
        """The window is closed. The reader is woken by that, and has to be gone before the descriptor is."""
        self.hung_up = True
        self.reader.join(5)
        os.close(self.master)

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.join(5)
        if not self.hung_up:
            os.close(self.master)


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
