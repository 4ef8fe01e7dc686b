"""What the benchmark is written with: rows of the table, medians, CPU time, planting jobs, the targets, the bare loop.

Every figure that is compared with a limit is taken beside it: in the same run, the two sides in turns, several rounds. A ratio is the
median of the rounds' ratios, with the smallest and the largest behind it.
"""
import collections
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))
# pylint: disable=wrong-import-position
from harness import (DIST, NEVER_SOON, ROOT, SHARDS, Program, Redis, Runner, Stack, environment, free_port, kill,  # noqa: E402,F401
                     processes_in, remove, wait_for)

HERE = Path(__file__).resolve().parent
TOOLS = ROOT / "build" / "bench"  # what the Makefile compiles from *.c here
PER_HOST = 64  # RUNNER_MAX_PER_HOST as shipped, and what the bare loop has under way
HOUR_MS = 3_600_000


# --- rows ---------------------------------------------------------------------------------------------------------


class Lost(Exception):
    """A call that did not come, or came twice: the one thing that makes `make bench` fail."""


class Bench:
    """One run: its folder, its rows, and what went wrong."""

    def __init__(self, quick):
        self.quick = quick
        self.folder = Path(tempfile.mkdtemp(prefix="dronc-bench-"))
        self.rows, self.problems = [], []
        self._million = None
        self._names = iter(range(10**6))

    def pick(self, full, quick):
        return quick if self.quick else full

    def home(self):
        """A folder of its own, with a short path."""
        path = self.folder / str(next(self._names))
        path.mkdir()
        return path

    def row(self, topic, what, figure, beside="", ratio="", reach="", met=None):
        """met: True, False, or None where nothing was to be reached."""
        self.rows.append((topic, what, figure, beside, ratio, reach, {True: "yes", False: "NO", None: ""}[met]))
        print(f"  {topic}: {what}: {figure}", f"[{beside}]" if beside else "", ratio, file=sys.stderr, flush=True)

    def compared(self, topic, what, pairs, unit, beside, at_least=None, at_most=None):
        """The row of something measured beside its limit: pairs of (ours, theirs), a pair for each round."""
        ours, theirs, ratios = [a for a, _ in pairs], [b for _, b in pairs], [a / b for a, b in pairs]
        ratio = statistics.median(ratios)
        reach, met = "", None
        if at_least is not None:
            reach, met = f"≥ {at_least:g}", ratio >= at_least
        elif at_most is not None:
            reach, met = f"≤ {at_most:g}", ratio <= at_most
        self.row(topic, what, middle(ours, unit), f"{beside} {middle(theirs, unit, spread=False)}",
                 f"{ratio:.2f}" + (f" ({min(ratios):.2f}–{max(ratios):.2f})" if len(ratios) > 1 else ""), reach, met)

    def million(self):
        """A Redis with 1,000,000 jobs stored, none of them due for a month. Rows that need it share it."""
        if self._million is None:
            count = self.pick(1_000_000, 100_000)
            self._million = Stored(self.home(), count)
        return self._million

    def stop_but(self, kept):
        """Stop what runs here. A pool whose children are killed before it starts others meanwhile, so look until there are none."""
        left = set(processes_in(self.folder)) - kept
        for pid in left:
            kill(pid)
        return not left

    def stop_all(self):
        wait_for(lambda: self.stop_but(set()))

    def end_group(self):
        """Stop what a group left running, but for what is shared."""
        kept = {self._million.redis.program.pid} if self._million else set()
        wait_for(lambda: self.stop_but(kept), what="the end of a group's processes")

    def close(self):
        self.stop_all()
        remove(self.folder)


def middle(values, unit, spread=True):
    """Median, with the range behind it."""
    text = f"{number(statistics.median(values))}{unit}"
    if spread and len(values) > 1:
        text += f" ({number(min(values))}–{number(max(values))})"
    return text


def number(value):
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


# --- processes ----------------------------------------------------------------------------------------------------


def cpu_s(pid):
    """CPU time of a process, all its threads, to the nanosecond."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9


def peak_mib(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no VmHWM of {pid}")


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def run_tool(*argv, **env):
    """A program that prints one JSON object."""
    done = subprocess.run([str(a) for a in argv], env=environment(**env), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{argv[0]}: status {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def bare_loop(url, calls, **env):
    """(calls per second, µs of CPU per call) of libcurl alone."""
    result = run_tool(TOOLS / "bare_loop", url, calls, PER_HOST, **env)
    if result["failed"]:
        raise Lost(f"the bare loop: {result['failed']} of {calls} calls failed")
    return calls / result["seconds"], result["cpu_s"] * 1e6 / calls


def wrk_command(url, connections, seconds, *args):
    return ["wrk", "-t", 1, "-c", connections, "-d", f"{seconds}s", "--timeout", "10s", "-s", HERE / "wrk.lua", url, "--", *args]


def wrk(url, connections, seconds, *args):
    result = run_tool(*wrk_command(url, connections, seconds, *args))
    result["rate"] = result["requests"] / result["seconds"]
    return result


# --- Redis and jobs in it -----------------------------------------------------------------------------------------


def start_redis(home, appendfsync="always", **options):
    return Redis(home, "--appendfsync", appendfsync, **options).start()


def plant(db, tag, count, url, due_ms, together=None, step_ms=0, schedule=NEVER_SOON, kind="ATLEAST_ONCE"):
    """Store jobs whose next occurrence is due at due_ms (`together` of them, the next ones step_ms later, and so on). What they are
    due at after that is years away."""
    script = db.register_script((HERE / "plant.lua").read_text())
    created = int(time.time() * 1000)
    for first in range(0, count, 1000):
        script(args=[tag, first, min(1000, count - first), schedule, url, kind, due_ms, together or count, step_ms, created])


def without_log(db):
    """While much is planted, the append-only file would only be in the way. Returns what puts it back."""
    db.config_set("appendonly", "no")

    def back():
        db.config_set("appendonly", "yes")
        wait_for(lambda: (lambda i: not i["aof_rewrite_in_progress"] and not i["aof_rewrite_scheduled"])(db.info("persistence")), 300,
                 "a new append-only file")
    return back


def recorded(db):
    """How many attempts are in the feeds."""
    pipe = db.pipeline(transaction=False)
    for shard in range(SHARDS):
        pipe.xlen(f"dronc:{{{shard}}}:executions")
    return sum(pipe.execute())


def wake(db, due_ms):
    """Tell the runners that something has become due."""
    for shard in range(SHARDS):
        db.publish("dronc:wake", f"{shard} {due_ms}")


class Stored:
    """A Redis with many jobs that are not due."""

    def __init__(self, home, count):
        self.count = count
        self.redis = start_redis(home)
        self.db = self.redis.client()
        back = without_log(self.db)
        plant(self.db, "stored", count, "http://127.0.0.1:1/", int(time.time() * 1000) + 30 * 24 * HOUR_MS, 1, 1000)
        back()


# --- targets ------------------------------------------------------------------------------------------------------

NGINX = """daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 100000000; {extra}
client_body_temp_path {home}/t; fastcgi_temp_path {home}/t; proxy_temp_path {home}/t; uwsgi_temp_path {home}/t; scgi_temp_path {home}/t;
server {{ listen 127.0.0.1:{port} {tls} backlog=4096; location / {{ return 200 ok; }} }} }}
"""


class NginxTarget:
    """nginx that answers 200 to everything, on one worker."""

    def __init__(self, home, tls=False, keep=True):
        self.port = free_port()
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}/x"
        extra = "" if keep else "keepalive_timeout 0;"
        if tls:
            self.authorities = make_certificate(home)
            extra += f" ssl_certificate {home}/cert.pem; ssl_certificate_key {home}/key.pem;"
        conf = Path(home) / "nginx.conf"
        conf.write_text(NGINX.format(home=home, port=self.port, extra=extra, tls="ssl" if tls else ""))
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        self.program = Program(home, "nginx", ["nginx", "-c", conf, "-p", home, "-e", Path(home) / "error"], environment(PATH=path))
        wait_for(lambda: answers(self.port), what="nginx")


def answers(port):
    import socket
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def make_certificate(home):
    """A certificate and its key. Returns a bundle of what is to be trusted: as large as one is, and this in addition."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{home}/key.pem",
                    "-out", f"{home}/cert.pem"], check=True, capture_output=True)
    bundle = Path(home) / "authorities.pem"
    bundle.write_bytes(Path("/etc/ssl/certs/ca-certificates.crt").read_bytes() + Path(home, "cert.pem").read_bytes())
    return bundle


Call = collections.namedtuple("Call", "at_us job due_ms")


class Target:
    """target.c: when each call came, to the microsecond."""

    def __init__(self, home):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.program = Program(home, "target", [TOOLS / "target", self.port], environment())
        wait_for(lambda: answers(self.port), what="the target")

    def calls(self, expected):
        """All that came: `expected`, unless some are lost or came twice. What came last is written a moment later."""
        deadline = time.monotonic() + 2
        while self.count() < expected and time.monotonic() < deadline:
            time.sleep(0.02)
        found = []
        for line in self.program.out.splitlines(keepends=True):
            at, _, key = line.rstrip("\n").partition(" ")
            job, _, due = key.partition("-")
            if line.endswith("\n") and job:
                found.append(Call(int(at), job, int(due)))
        return found

    def count(self):
        """How many came so far."""
        return self.program.out.count("\n")


def lateness_ms(calls):
    return [call.at_us / 1000 - call.due_ms for call in calls]


def calls_of(target, expected, what):
    """What came, after a look whether each of so many occurrences came, and came once."""
    calls = target.calls(expected)
    times = collections.Counter((call.job, call.due_ms) for call in calls)
    if len(times) != expected or len(calls) != expected:
        raise Lost(f"{what}: {expected} occurrences, {len(times)} of them called, {len(calls)} calls")
    return calls


# --- the herd: many occurrences due at once -----------------------------------------------------------------------

Herd = collections.namedtuple("Herd", "rate runner_us redis_us peak_mib at_ms")


def herd(home, redis, url, count, tag, runners=1, settings=None):
    """count occurrences due on one second, from that second until the last is recorded."""
    db = redis.client()
    before = recorded(db)
    at = int(time.time() + count / 40_000 + 0.5) + 2
    plant(db, tag, count, url, at * 1000)
    programs = [Runner(home, redis, name=f"runner-{tag}-{n}", **(settings or {})) for n in range(runners)]
    for program in programs:
        program.wait_until_ready()
    if time.time() > at - 0.3:
        raise RuntimeError("planting took too long")
    time.sleep(max(0, at - 0.3 - time.time()))
    redis_cpu, runner_cpu = cpu_s(redis.program.pid), sum(cpu_s(p.pid) for p in programs)
    time.sleep(max(0, at - time.time()))
    wait_for(lambda: recorded(db) - before >= count, 60 + count / 1000, f"{count} records")
    seconds = time.time() - at
    result = Herd(count / seconds, (sum(cpu_s(p.pid) for p in programs) - runner_cpu) * 1e6 / count,
                  (cpu_s(redis.program.pid) - redis_cpu) * 1e6 / count, max(peak_mib(p.pid) for p in programs), at * 1000)
    if recorded(db) - before != count:
        raise Lost(f"{count} occurrences, {recorded(db) - before} records")
    for program in programs:
        program.terminate(60)
        failed = program.out.count('"event":"call failed"')
        if failed:
            raise Lost(f"{failed} of {count} calls failed")
    return result
