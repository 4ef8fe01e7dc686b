"""Runs docker-compose.yml with an engine of its own, whose limit of open files is low, as it is with rootless engines.

There is no registry: the base image is the tree that debootstrap made, and a Redis on it stands in for the image of Redis. The engine makes
bridges and firewall rules, so this runs where nothing else needs those. `make test-docker`.
"""
import json
import os
import resource
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

from machine import ROOT, bootstrap, run, wait_for
from pages import commands

FILES = 20000  # fewer than the 65,536 that the compose file once asked for
PORT = "18480"
API = f"http://127.0.0.1:{PORT}"
QUICK_START = commands("README.md", "Quick start")[0].text.strip()
REDIS = r"""FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends redis-server
RUN printf '#!/bin/sh\nchown -R redis /data\nexec setpriv --reuid redis --regid redis --clear-groups "$@"\n' >/usr/local/bin/docker-entrypoint.sh \
    && chmod +x /usr/local/bin/docker-entrypoint.sh
WORKDIR /data
"""  # the image of Redis starts as root, gives /data to its user, and becomes that


class Engine:
    def __init__(self, home):
        self.home = Path(home)
        self.project = f"dronc{os.getpid()}"
        self.env = {**os.environ, "DOCKER_HOST": f"unix://{home}/docker.sock", "DOCKER_BUILDKIT": "0", "COMPOSE_DOCKER_CLI_BUILD": "0",
                    "COMPOSE_PROJECT_NAME": self.project, "HTTP_PORT": PORT}
        with open(self.home / "dockerd.log", "w", encoding="utf-8") as log:
            self.daemon = subprocess.Popen(
                ["dockerd", "--data-root", f"{home}/data", "--exec-root", f"{home}/exec", "--pidfile", f"{home}/pid", "-H", self.env["DOCKER_HOST"]],
                stdout=log, stderr=log, start_new_session=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, FILES)))
        wait_for(self.answers, 60, f"an engine: {(self.home / 'dockerd.log').read_text()[-2000:]}")

    def answers(self):
        assert self.daemon.poll() is None, (self.home / "dockerd.log").read_text()
        return subprocess.run(["docker", "info"], env=self.env, capture_output=True, check=False).returncode == 0

    def __call__(self, *argv, **options):
        done = subprocess.run([str(arg) for arg in argv], env=self.env, capture_output=True, text=True, check=False, **options)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout.strip()

    def compose(self, *argv):
        return self("docker-compose", *argv, cwd=self.home / "dronc")

    def inside(self, service, script):
        return self("docker", "exec", f"{self.project}_{service}_1", "sh", "-c", script)

    def logs(self, service):
        done = subprocess.run(["docker", "logs", f"{self.project}_{service}_1"], env=self.env, capture_output=True, text=True, check=True)
        return done.stdout + done.stderr

    def stop(self):
        subprocess.run(["docker-compose", "down", "--volumes"], env=self.env, cwd=self.home / "dronc", check=False, capture_output=True)
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait(60)


@pytest.fixture(scope="module")
def engine():
    assert os.geteuid() == 0, "only root can start an engine"
    tree = bootstrap("bookworm")
    with tempfile.TemporaryDirectory(prefix="dronc-docker-", ignore_cleanup_errors=True) as home:
        (Path(home) / "dronc").mkdir()
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
        run("cp", "--parents", "-t", Path(home) / "dronc", *(f for f in files if f and (ROOT / f).exists()), cwd=ROOT)
        engine = Engine(home)
        try:
            run("sh", "-c", f"tar -C '{tree}' -c . | docker import - debian:bookworm-slim", env=engine.env, stdout=subprocess.DEVNULL)
            engine("docker", "build", "--quiet", "--tag", "redis:7.4-alpine", "-", input=REDIS)
            yield engine
        finally:
            engine.stop()


def get(path):
    try:
        with urllib.request.urlopen(API + path, timeout=10) as answer:
            return json.load(answer)
    except OSError:
        return None


def calls():
    page = get("/v1/track/executions?limit=1")
    return page["executions"][0]["scheduled_time"] if page and page["executions"] else 0


def up(engine):
    engine("sh", "-c", QUICK_START, cwd=engine.home / "dronc")
    wait_for(lambda: (get("/health/deep") or {}).get("status") == "healthy", 60, "health")


def test_it_comes_up_and_calls_where_descriptors_are_few(engine):
    up(engine)
    job = {"schedule": "* * * * * *", "api": "http://nginx:8080/health", "type": "ATLEAST_ONCE"}
    request = urllib.request.Request(f"{API}/v1/schedule/api-caller", json.dumps(job).encode(), {"Content-Type": "application/json"})
    assert urllib.request.urlopen(request, timeout=10).status == 201
    wait_for(calls, 20, "a call")
    assert f"{FILES}" in engine.inside("runner", "grep 'open files' /proc/1/limits")


@pytest.mark.parametrize("service", ["handler", "runner", "nginx"])
def test_nothing_is_root_and_the_user_is_a_number(engine, service):
    assert engine.inside(service, "id -u; id -g").split() == ["8080", "8080"]
    assert engine("docker", "inspect", "--format", "{{.Config.User}}", f"{engine.project}_{service}_1") == "8080:8080"


def test_handler_that_dies_is_replaced_and_logged(engine):
    count = "cat /proc/[0-9]*/comm | grep -c dronc-fcgi"
    engine.inside("handler", 'for p in /proc/[0-9]*; do [ "$(cat $p/comm 2>/dev/null)" = dronc-fcgi ] && last=${p#/proc/}; done; kill -9 $last')
    wait_for(lambda: "handler ended" in engine.logs("handler"), 10, "a line of the log")
    wait_for(lambda: engine.inside("handler", count) == "9", 10, "another handler")


def as_administrator(engine, command):
    return engine.inside("redis", f"REDISCLI_AUTH=$(cat /root/admin) redis-cli -s /run/redis/redis.sock {command}")


def test_redis_has_no_port_and_refuses_the_programs_nothing(engine):
    assert as_administrator(engine, "config get port").split() == ["port", "0"]
    assert as_administrator(engine, "config get protected-mode").split() == ["protected-mode", "yes"]
    assert engine("docker", "inspect", "--format", "{{.HostConfig.NetworkMode}}", f"{engine.project}_redis_1") == "none"
    assert as_administrator(engine, "acl log") == ""


def test_password_of_the_programs_opens_redis_to_them_alone(engine):
    assert engine.inside("redis", "stat -c '%a %u' /run/redis/password") == "400 8080"
    assert "NOAUTH" in engine.inside("redis", "redis-cli -s /run/redis/redis.sock get dronc:shards")
    login = "REDISCLI_AUTH=$(cat /run/redis/password) redis-cli -s /run/redis/redis.sock --user dronc"
    assert engine.inside("redis", f"{login} get dronc:shards")
    assert "NOPERM" in engine.inside("redis", f"{login} keys '*'")


def test_jobs_survive_down_and_up(engine):
    before = get("/v1/jobs")["jobs"][0]["job_id"]
    engine.compose("down")
    up(engine)
    began = int(time.time())
    assert get("/v1/jobs")["jobs"][0]["job_id"] == before
    wait_for(lambda: calls() > began, 20, "a call after it")
