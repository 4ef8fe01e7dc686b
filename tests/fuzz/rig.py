"""What a run needs: a Redis, a handler to store the jobs with, the runner under test, jobs of all kinds, and certificates."""
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
os.environ.setdefault("DRONC_DIST", str(HERE.parents[1] / "dist" / "sanitize"))
import harness  # noqa: E402
from harness import ROOT, SHARDS, Handler, Redis, Runner  # noqa: E402

from calls import RETRY_MS, Record  # noqa: E402

HOSTS, RUDE_PER_CENT, TLS_PER_CENT = 8, 5, 25
METHODS = ["GET"] * 6 + ["POST", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
IN_FLIGHT_MAX = 300  # and as many idle connections
# What tells the target which attempt a request belongs to. It goes along with a redirect to another origin; Dronc's own headers do not.
ACCEPT = '*/*; attempt="{{job_id}} {{scheduled_time}} {{attempt}}"'
PRELOADED = ":".join(str(ROOT / "build" / "fuzz" / name) for name in ("trust.so", "loopback.so"))


class Job:
    """One of the jobs that are called, as the API takes it, and what has to be known of it to judge its records."""
    ports = {}  # scheme → where the target listens for it

    def __init__(self, number, fields, rude=False):
        self.number, self.fields, self.rude, self.id, self.attempts = number, fields, rude, None, 0
        self.api, self.method = fields["api"], fields.get("method", "GET")
        self.once, self.redirects = fields["type"] == "ATMOST_ONCE", fields.get("follow_redirects", 5)
        url = urlsplit(self.api)
        self.address, self.place = url.hostname, (url.scheme == "https", url.netloc)
        self.secret = fields.get("headers", {}).get("Authorization", "none")
        success = fields.get("success", {})
        self.statuses = success.get("status", ["2xx"])
        self.contains = success["body_contains"].encode() if "body_contains" in success else None
        self.retries = not self.once

    def counts(self, status):
        return status in self.statuses or f"{status // 100}xx" in self.statuses


def make_jobs(seed, count, ports, schedule="* * * * * *"):
    """Jobs of all kinds, spread over hosts, so that several share each host's connections. Rude ones have a host of their own."""
    rng = random.Random(f"{seed}:jobs")
    return [make_job(rng, number, ports, schedule) for number in range(count)]


def make_job(rng, number, ports, schedule):
    rude, tls = rng.randrange(100) < RUDE_PER_CENT, rng.randrange(100) < TLS_PER_CENT
    address = f"127.0.{1 + number // 250}.{1 + number % 250}" if rude else f"127.0.0.{2 + rng.randrange(HOSTS)}"
    port = ports[("rude " if rude else "") + ("https" if tls else "http")]
    method = rng.choice(METHODS)
    fields = {"schedule": schedule, "api": f"{'https' if tls else 'http'}://{address}:{port}/j/{number}", "method": method, "name": f"fuzz {number}",
              "type": rng.choice(("ATMOST_ONCE", "ATLEAST_ONCE")), "timeout_ms": 12000, "connect_timeout_ms": 10000, "jitter_ms": rng.randrange(1000),
              "keep_response": rng.random() < 0.9, "headers": {"Accept": ACCEPT}}
    if rng.random() < 0.4:
        fields["follow_redirects"] = rng.choice((0, 1, 2, 10))
    if method in ("POST", "PUT", "PATCH") and rng.random() < 0.8:
        fields["body"] = "b" * rng.choice((1, 100, 32000))
    if rng.random() < 0.3:
        fields["headers"] |= {"Authorization": f"Bearer secret{number}", "X-Own": "1", "Accept-Encoding": rng.choice(("gzip", "identity", "br, gzip"))}
    fields["success"] = {"status": rng.choice((["2xx", 410], ["2xx", 304, 410], ["2xx", "3xx", 410], ["1xx", "2xx", "3xx", "4xx", "5xx"]))}
    if rng.random() < 0.15 and method != "HEAD":
        fields["success"]["body_contains"] = rng.choice(("efghi", "[j", "nowhere in it"))
    if fields["type"] == "ATLEAST_ONCE":
        fields["retry"] = {"max_attempts": rng.choice((1, 2)), "min_backoff_ms": RETRY_MS, "max_backoff_ms": RETRY_MS, "jitter": "none"}
    return Job(number, fields, rude)


def make_certificate(home):
    """(certificate and key, a bundle of what the runner is to trust)."""
    names = ",".join(f"IP:127.0.0.{n}" for n in range(1, 2 + HOSTS))
    pem = Path(home) / "target.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=127.0.0.1", "-addext", f"subjectAltName={names}", "-keyout", f"{home}/key.pem", "-out", pem], check=True, capture_output=True)
    authorities = Path(home) / "authorities.pem"
    authorities.write_bytes(pem.read_bytes())
    with open(pem, "ab") as file:
        file.write(Path(home, "key.pem").read_bytes())
    return pem, authorities


class Rig:
    """A folder with everything in it. The runner can be started again, for another try."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="dronc-fuzz-")
        self.home = Path(self.folder.name)
        self.pem, self.authorities = make_certificate(self.home)
        self.redis = Redis(self.home, "--appendonly", "no", "--save", "").start()
        self.db = self.redis.client()
        self.handler = Handler(self.home, self.redis)
        self.runner, self.seen, self.runners = None, {}, 0

    def start_runner(self):
        """It must not get out of this machine: redirects are made up."""
        for library in PRELOADED.split(":"):
            assert Path(library).exists(), f"no {library}: make fuzz-build"
        asan = f"{os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0:quarantine_size_mb=64".strip(":")
        os.environ["ASAN_OPTIONS"] = asan
        self.runners += 1
        settings = {"LD_PRELOAD": PRELOADED, "BENCH_CA": self.authorities, "RUNNER_MAX_IN_FLIGHT": IN_FLIGHT_MAX, "RUNNER_MAX_PER_HOST": 256,
                    "LOG_LEVEL": "error", "LOG_FORMAT": "json", "EXECUTIONS_MAX": 320000}
        self.runner = Runner(self.home, self.redis, name=f"runner{self.runners}", **settings)
        harness.wait_for(lambda: not self.runner.running or self.db.zcard("dronc:runners") > 0, 20, "a runner")

    def store(self, jobs):
        for at in range(0, len(jobs), 500):
            part = jobs[at:at + 500]
            answer = self.handler.batch([job.fields for job in part])
            for job, line in zip(part, answer.lines, strict=True):
                job.id = line["job_id"].removeprefix("capi:")

    def records(self):
        """What has been recorded since the last time."""
        streams = {f"dronc:{{{shard}}}:executions": self.seen.get(shard, b"0-0") for shard in range(SHARDS)}
        for name, entries in self.db.xread(streams, count=2000):
            shard = int(name.decode().split("{")[1].split("}")[0])
            self.seen[shard] = entries[-1][0]
            for _, fields in entries:
                yield Record.read(fields[b"j"].hex(), fields[b"r"])

    def usage(self):
        """(resident MiB, descriptors) of the runner."""
        status = Path(f"/proc/{self.runner.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) // 1024, len(os.listdir(f"/proc/{self.runner.pid}/fd"))

    def waited_ms(self):
        """How long the runner was ready to run so far, and had no processor. (It has one thread that matters.)"""
        try:
            return int(Path(f"/proc/{self.runner.pid}/schedstat").read_text().split()[1]) / 1e6
        except OSError:
            return 0.0  # it has died, which is a finding of its own

    def reports(self):
        return harness.sanitizer_reports(self.home)

    def close(self):
        for program in (self.runner, self.handler, self.redis.program):
            if program is not None:
                program.kill()
        self.folder.cleanup()


def definition(job):
    return json.loads(json.dumps({**job.fields, "schedule": harness.NEVER_SOON}))
