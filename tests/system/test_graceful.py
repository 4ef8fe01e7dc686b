"""Everything is replaced while it works: no request fails, no call is late, none is lost or made twice."""
import collections
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness import (DIST, NEVER_SOON, ROOT, SCALE, HttpClient, Program, environment, free_port, is_alive, wait_for)

JOBS = 100
LATER_MS = 50 * SCALE  # by so much may the p99 of the calls' lateness be worse while everything is replaced


class Listener:
    """The socket between nginx and the handlers, held open by the test as systemd would."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen(1024)

    def close(self):
        self.socket.close()


class Pool:
    """Some handlers on one listening socket."""

    numbers = iter(range(10**6))

    def __init__(self, home, redis, listener, count):
        names = [f"pool{next(self.numbers)}" for _ in range(count)]
        self.handlers = [Program(home, name, [DIST / "dronc-fcgi"], environment(**redis.settings()),
                                 stdin=listener.socket.fileno()) for name in names]
        for handler in self.handlers:
            wait_for(lambda: '"handler started"' in handler.err)

    def signal(self, signum):
        for handler in self.handlers:
            handler.signal(signum)

    def terminate(self):
        self.signal(signal.SIGTERM)
        return [handler.exit_code() for handler in self.handlers]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False


class Nginx(Program, HttpClient):
    def __init__(self, home, fcgi_socket):
        port = free_port()
        (home / "nginx").mkdir()
        (home / "nginx.conf").write_text(f"""
            daemon off; worker_processes 2; pid nginx.pid; error_log nginx-error.log warn; {"user root;" if os.geteuid() == 0 else ""}
            events {{ worker_connections 512; }}
            http {{
                access_log off;
                {" ".join(f"{kind}_temp_path nginx/{kind};" for kind in ("client_body", "fastcgi", "proxy", "scgi", "uwsgi"))}
                upstream dronc_fcgi {{ server unix:{fcgi_socket}; }}
                server {{ listen 127.0.0.1:{port}; include {ROOT}/nginx/dronc.conf; }}
            }}""")
        environ = environment(PATH=os.environ["PATH"] + ":/usr/sbin")
        Program.__init__(self, home, "nginx", ["nginx", "-p", f"{home}/", "-e", "stderr", "-c", "nginx.conf"], environ)
        HttpClient.__init__(self, port)
        wait_for(lambda: listens(port))

    def workers(self):
        path = f"/proc/{self.pid}/task/{self.pid}/children"
        return {int(pid) for pid in open(path, encoding="ascii").read().split()}

    def reload(self):
        """New workers; the old ones end when their requests have."""
        old = self.workers()
        self.signal(signal.SIGHUP)
        wait_for(lambda: not any(is_alive(pid) for pid in old), what="the end of nginx' old workers")


class Load:
    """Requests of all kinds, one after the other in each of some threads, until it is stopped; each must be answered with 2xx."""

    numbers = iter(range(10**9))

    def __init__(self, client, threads=3):
        self.client, self.ending = client, threading.Event()
        self.answers, self.failures = collections.Counter(), []
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        while not self.ending.is_set():
            for ask in (self._post, self._executions, self._preview, self._health):
                try:
                    answer = ask()
                    self.answers[answer.status] += 1
                    if answer.status >= 300:
                        self.failures.append(answer)
                except Exception as error:  # no answer at all
                    self.failures.append(error)

    def _post(self):
        return self.client.post({"schedule": NEVER_SOON, "api": f"http://127.0.0.1:9/{next(self.numbers)}", "type": "ATLEAST_ONCE"})

    def _executions(self):
        return self.client.get("/v1/track/executions?limit=5")

    def _preview(self):
        return self.client.get("/v1/schedule/preview?schedule=@daily")

    def _health(self):
        return self.client.get("/health/deep")

    def end(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(20)

    def stop(self):
        """How many requests there were; fails where one of them did not work."""
        self.end()
        assert not self.failures, f"{len(self.failures)} of {sum(self.answers.values())}: {self.failures[:5]}"
        return sum(self.answers.values())


@pytest.fixture
def make_load():
    """Ends with the test, however that ends: a load that goes on would be the trouble of every test after it."""
    loads = []
    yield lambda client: loads.append(Load(client)) or loads[-1]
    for load in loads:
        load.end()


@pytest.fixture
def listener(home):
    listener = Listener(home / "fcgi.sock")
    yield listener
    listener.close()


@pytest.fixture
def make_pool(home, redis, listener):
    made = []

    def make(count=4):
        made.append(Pool(home, redis, listener, count))
        return made[-1]

    yield make
    for pool in made:
        pool.terminate()


@pytest.fixture
def make_nginx(home):
    made = []

    def make(fcgi_socket):
        made.append(Nginx(home, fcgi_socket))
        return made[-1]

    yield make
    for nginx in made:
        nginx.signal(signal.SIGQUIT)
        nginx.exit_code()


# --- requests under way -----------------------------------------------------------------------------------------------


class SlowRequest:
    """A POST of which half is sent; the rest follows with go_on(), which returns the status of the answer."""

    body = b'{"schedule": "%s", "api": "http://127.0.0.1:9/slow", "type": "ATMOST_ONCE"}' % NEVER_SOON.encode()

    def __init__(self, port):
        self.peer = socket.create_connection(("127.0.0.1", port), timeout=15 * SCALE)
        self.peer.sendall(b"POST /v1/schedule/api-caller HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                          b"Content-Length: %d\r\n\r\n" % len(self.body) + self.body[:20])

    def go_on(self):
        self.peer.sendall(self.body[20:])
        status = int(self.peer.makefile("rb").readline().split()[1])
        self.peer.close()
        return status


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_handler_that_is_stopped_answers_what_waits_in_its_queue(handler, redis, signum):
    """A connection that the kernel took counts as one that the handler took: there may be no other handler to answer it."""
    jobs = [{"schedule": NEVER_SOON, "api": f"http://127.0.0.1:9/{n}", "type": "ATMOST_ONCE"} for n in range(12)]
    assert handler.get("/health/deep").status == 200
    redis.pause()
    answers = []
    clients = [threading.Thread(target=lambda job=job: answers.append(handler.post(job).status), daemon=True) for job in jobs]
    for client in clients:
        client.start()
    # The handler waits for Redis, and the others for the handler.
    wait_for(lambda: connections(handler.path) == len(jobs))
    handler.signal(signum)
    redis.resume()
    for client in clients:
        client.join(15)
    assert len(answers) == len(jobs)
    assert set(answers) <= {201, 500}, answers  # 500 where this machine was so slow that Redis did not answer in time
    assert handler.exit_code() == 0


def connections(path):
    """How many connections to a Unix socket there are, accepted or not; the listening socket has the path, too."""
    with open("/proc/net/unix", encoding="utf-8") as table:
        return sum(line.split()[7:] == [str(path)] for line in table) - 1


def waiting_connections(path):
    """How many connections to a Unix socket no process has accepted yet: those have no inode."""
    with open("/proc/net/unix", encoding="utf-8") as table:
        return sum(line.split()[6:] == ["0", str(path)] for line in table)


def test_handler_that_is_stopped_as_soon_as_it_says_that_it_started_ends_as_at_any_other_time(make_handler, redis):
    """It asks Redis how it is before it takes requests, which takes a while on a bad day."""
    redis.pause()
    handler = make_handler()
    wait_for(lambda: '"handler started"' in handler.err)
    handler.signal(signal.SIGTERM)
    redis.resume()
    assert handler.exit_code() == 0


def test_handler_that_is_stopped_waits_for_the_rest_of_a_request(handler):
    body = SlowRequest.body
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(15 * SCALE)
        peer.connect(handler.path)
        head = handler._record(1, b"\0\1" + bytes(6)) + handler._stream(4, b"".join(
            handler._pair(k.encode(), v.encode()) for k, v in {
                "REQUEST_METHOD": "POST", "REQUEST_URI": "/v1/schedule/api-caller", "CONTENT_TYPE": "application/json",
                "CONTENT_LENGTH": str(len(body))}.items()))
        peer.sendall(head + handler._record(5, body[:20]))
        wait_for(lambda: waiting_connections(handler.path) == 0)
        handler.signal(signal.SIGTERM)
        peer.sendall(handler._record(5, body[20:]) + handler._record(5, b""))
        assert b"Status: 201" in handler._answer(peer.makefile("rb"))
    assert handler.exit_code() == 0


def test_nginx_that_is_told_to_quit_answers_what_is_under_way(make_pool, make_nginx, listener):
    make_pool(1)
    nginx = make_nginx(listener.path)
    request = SlowRequest(nginx.port)
    assert nginx.get("/health").status == 200  # so the worker has the other one, too
    nginx.signal(signal.SIGQUIT)
    wait_for(lambda: not listens(nginx.port))
    assert request.go_on() == 201
    assert nginx.exit_code() == 0


def test_stop_of_make_run_answers_what_is_under_way(make_stack):
    stack = make_stack().start()
    requests = [SlowRequest(stack.port) for _ in range(5)]
    assert stack.get("/health").status == 200
    stack.program.signal(signal.SIGTERM)
    wait_for(lambda: not listens(stack.port))
    assert [request.go_on() for request in requests] == [201] * 5
    assert stack.program.exit_code(30) == 0


# --- everything is replaced ---------------------------------------------------------------------------------------------


def p99(values):
    return sorted(values)[int(len(values) * 0.99)]


def lateness_ms(hooks, since, until):
    """Of the calls of that time, in order of size; the kernel tells when each arrived."""
    return sorted((call.at - call.scheduled) * 1000 for hook in hooks for call in hook.calls if since <= call.scheduled < until)


def assert_each_second_once(hook, since, until):
    seconds = collections.Counter(call.scheduled for call in hook.calls if since <= call.scheduled < until)
    assert seconds == {second: 1 for second in range(since, until)}, f"{hook.path}: {seconds}"


def assert_recorded(client, db, jobs, since):
    """No occurrence was lost, missed or aborted: all that is recorded has succeeded at the first attempt."""
    for job_id in jobs:
        for execution in client.executions(job_id=job_id, limit=200):
            if execution["scheduled_time"] >= since:
                assert (execution["outcome"], execution["attempt"]) == ("succeeded", 1), execution
    assert not [key for key in db.scan_iter(count=1000) if key.endswith((b":retry", b":dead", b":broken"))]


@pytest.mark.alone
def test_rolling_restart_of_everything_is_not_noticed(make_runner, make_pool, make_nginx, listener, redis, own_target, make_load):
    """First 100 calls a second as they are, then the same while all runners, handlers and nginx workers are replaced, twice."""
    settings = {"RUNNER_MAX_PER_HOST": 1000}
    runners, pool, nginx = [make_runner(**settings) for _ in range(2)], make_pool(), make_nginx(listener.path)
    hooks = [own_target.hook() for _ in range(JOBS)]
    jobs = [nginx.schedule("* * * * * *", hook.url, "ATMOST_ONCE" if n % 2 else "ATLEAST_ONCE") for n, hook in enumerate(hooks)]
    load = make_load(nginx)
    wait_for(lambda: all(hook.calls for hook in hooks), 20)
    begin = int(time.time()) + 1
    wait_for(lambda: time.time() > begin + 8, 20)

    restart = int(time.time()) + 1
    for _ in range(2):
        for n in range(len(runners)):
            new = make_runner(**settings)
            assert runners[n].terminate() == 0
            runners[n] = new
            wait_for(lambda: new.calls, what="a call by the new runner")
        old, pool = pool, make_pool()
        assert old.terminate() == [0] * 4
        nginx.reload()
    end = int(time.time()) + 1
    wait_for(lambda: all(hook.calls[-1].scheduled > end for hook in hooks), 20)

    requests = load.stop()
    before, during = lateness_ms(hooks, begin, restart), lateness_ms(hooks, restart, end)
    print(f"\n{requests} requests; lateness in ms, p50/p99/max: before {before[len(before) // 2]:.1f}/{p99(before):.1f}/{before[-1]:.1f}, "
          f"during {during[len(during) // 2]:.1f}/{p99(during):.1f}/{during[-1]:.1f} ({len(before)} and {len(during)} calls)", end="")
    for hook in hooks:
        assert_each_second_once(hook, begin, end)
    with redis.client() as db:
        assert_recorded(nginx, db, jobs, begin)
    assert p99(during) < p99(before) + LATER_MS
    for runner in runners:
        assert runner.terminate() == 0


def test_handlers_that_are_stopped_and_then_started_keep_requests_waiting_only(make_pool, make_nginx, make_load, listener):
    """As `systemctl restart dronc-fcgi` does it: systemd holds the socket."""
    pool, nginx = make_pool(), make_nginx(listener.path)
    load = make_load(nginx)
    for _ in range(3):
        assert pool.terminate() == [0] * 4
        pool = make_pool()
        seen = sum(load.answers.values())
        wait_for(lambda: sum(load.answers.values()) > seen + 50, what="answers of the new pool")
    print(f"\n{load.stop()} requests", end="")


def test_handlers_of_spawn_fcgi_are_replaced_as_the_page_says(make_stack, make_load):
    """A second pool beside the first; its socket takes the first one's name in one step; then the first pool ends."""
    stack = make_stack(FCGI_PROCESSES=4).start()
    load = make_load(stack)
    run = stack.data / "run"
    user = stack.data.owner()  # root's stack is not root's
    owner = ["-u", user, "-U", user] if os.geteuid() == 0 else []
    copy = run / "copy" / "dist"  # where that user cannot read ours
    program = (copy if copy.exists() else DIST) / "dronc-fcgi"
    for n in range(3):
        old = stack.pids("fcgi")
        pool = run / "fcgi-new.pid"
        subprocess.run(["spawn-fcgi", "-s", "run/fcgi-new.sock", "-M", "0600", *owner, "-F", "4", "-P", str(pool), "--", program], check=True,
                       cwd=stack.data, env=environment(REDIS_SOCKET="run/redis.sock"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        os.rename(run / "fcgi-new.sock", run / "fcgi.sock")
        for pid in old:
            os.kill(pid, signal.SIGTERM)
        pool.rename(run / "fcgi.pid")
        wait_for(lambda: not any(is_alive(pid) for pid in old))
        seen = sum(load.answers.values())
        wait_for(lambda: sum(load.answers.values()) > seen + 50, what="answers of the new pool")
    print(f"\n{load.stop()} requests", end="")
    assert stack.stop() == 0


@pytest.mark.alone
@pytest.mark.parametrize("ahead_ms", [100, 25, -5])
def test_stop_just_before_an_instant_makes_no_call_late(make_runner, handler, own_target, ahead_ms):
    """What the runner has claimed, or even started, for an instant that is only milliseconds away is made by another one in time."""
    _, leaving = make_runner(RUNNER_MAX_PER_HOST=1000), make_runner(RUNNER_MAX_PER_HOST=1000)
    hooks = [own_target.hook() for _ in range(JOBS)]
    for n, hook in enumerate(hooks):
        handler.schedule("* * * * * *", hook.url, "ATMOST_ONCE" if n % 2 else "ATLEAST_ONCE")
    wait_for(lambda: all(hook.calls for hook in hooks))
    begin = int(time.time()) + 2
    instant = wait_for(lambda: leaving.calls and int(time.time()) > begin and begin + 2)
    wait_for(lambda: time.time() >= instant - ahead_ms / 1000)
    leaving.signal(signal.SIGTERM)
    assert leaving.exit_code() == 0
    wait_for(lambda: all(hook.calls[-1].scheduled > instant + 1 for hook in hooks))
    for hook in hooks:
        assert_each_second_once(hook, begin, instant + 2)
    before, during = lateness_ms(hooks, begin, instant), lateness_ms(hooks, instant, instant + 1)
    print(f"\nlateness in ms, p50/p99/max: before {before[len(before) // 2]:.1f}/{p99(before):.1f}/{before[-1]:.1f}, "
          f"then {during[len(during) // 2]:.1f}/{p99(during):.1f}/{during[-1]:.1f}", end="")
    assert p99(during) < p99(before) + LATER_MS
