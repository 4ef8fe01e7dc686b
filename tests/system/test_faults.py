"""Faults that a hostile reviewer found a way through once. Each of these failed before its fix."""
import fcntl
import os
import select
import signal
import socket
import subprocess
import time

import contract
import target as t
from harness import DIST, NEVER_SOON, SCALE, at_second, environment, id_bytes, job_key, key_of, soon, wait_for

def declare_dead(db, script, runner):
    """What another runner does that takes this one for dead."""
    for shard in range(16):
        keys, args = contract.arguments("recover", shard, runner=runner.encode(), executions_max=1000, history_max=200, dead_max=1000, batch=100,
                                        attempts=6, error_text="the runner died")
        script(keys=keys, args=args, client=db)


def test_runner_taken_for_dead_calls_nothing_twice(make_runner, handler, redis, target):
    hooks = [target.hook() for _ in range(20)]
    for hook in hooks:
        handler.schedule("* * * * * *", hook.url, "ATMOST_ONCE")
    runner = make_runner()
    name = runner.events("ready")[0]["runner"]
    hooks[0].wait_for_calls(1)
    with redis.client() as db:
        script = db.register_script(contract.source("recover"))
        for second in range(int(time.time()) + 2, int(time.time()) + 6):
            wait_for(lambda: time.time() >= second - 0.12)  # between its claim and its start
            declare_dead(db, script, name)
    seen = len(hooks[0].calls)
    hooks[0].wait_for_calls(seen + 2)
    for hook in hooks:
        keys = [call.key for call in hook.calls]
        assert len(set(keys)) == len(keys), f"called twice: {hook.calls}"


def test_claim_whose_answer_was_lost_is_handed_back(make_runner, handler, redis, hook):
    runner = make_runner()
    name = runner.events("ready")[0]["runner"]
    job_id = handler.schedule("0 0 1 1 *", hook.url, "ATLEAST_ONCE")
    due = (int(time.time()) - 5) * 1000
    with redis.client() as db:
        created = db.hget(job_key(job_id), "created").decode()
        db.zrem(key_of(job_id, "due"), id_bytes(job_id))
        db.hset(key_of(job_id, f"claimed:{name}"), id_bytes(job_id) + str(due).encode(), f"c 1.999999 L {due} {created}")
        db.sadd(key_of(job_id, "holders"), name)
    hook.wait_for_calls(1, timeout=30)
    assert runner.events("claims handed back whose answer was lost")


def test_holder_that_is_not_on_the_list_is_found(make_runner, handler, redis, hook):
    make_runner()
    job_id = handler.schedule("0 0 1 1 *", hook.url, "ATLEAST_ONCE")
    due = (int(time.time()) - 5) * 1000
    with redis.client() as db:
        created = db.hget(job_key(job_id), "created").decode()
        db.zrem(key_of(job_id, "due"), id_bytes(job_id))
        db.hset(key_of(job_id, "claimed:ghost"), id_bytes(job_id) + str(due).encode(), f"s 1.1 L {due} {created}")
        db.sadd(key_of(job_id, "holders"), "ghost")
        hook.wait_for_calls(1, timeout=40)
        wait_for(lambda: not db.sismember(key_of(job_id, "holders"), "ghost"), 10)
    lost, called = handler.wait_for_executions(job_id, 2)
    assert (lost["outcome"], called["outcome"], called["attempt"]) == ("lost", "succeeded", 2)


def test_redis_outage_longer_than_the_lease_loses_no_result(make_runner, handler, redis, target):
    runners = [make_runner(), make_runner()]
    hooks = [target.hook().answers(t.held) for _ in range(10)]
    jobs = [handler.schedule(at_second(soon(1)), hook.url, "ATLEAST_ONCE") for hook in hooks]
    for hook in hooks:
        hook.wait_for_calls(1)
    redis.kill()
    for runner in runners:
        wait_for(lambda: runner.events("lease run out"), 10)
    redis.start()
    for hook in hooks:
        hook.release()
    for job_id, hook in zip(jobs, hooks):
        assert [e["outcome"] for e in handler.wait_for_executions(job_id, 1, timeout=15)] == ["succeeded"]
        assert len(hook.calls) == 1
    assert not any(runner.events("a runner has died") for runner in runners)


def endless_redirect(talk):
    talk.send(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        talk.send(b"2000\r\n" + bytes(8192) + b"\r\n")


def test_redirect_with_an_endless_body_is_cut(runner, handler, hook):
    job_id = handler.schedule(at_second(soon()), hook.answers(endless_redirect).url)
    execution, = handler.wait_for_executions(job_id, 1, timeout=20)
    assert (execution["success"], execution["error_class"]) == (False, "response")
    assert "redirect" in execution["error"]


def test_log_that_nobody_reads_stops_nothing(redis, handler, hook):
    handler.schedule("* * * * * *", hook.url + "?" + "x" * 100)
    settings = environment(**redis.settings(LOG_LEVEL="debug"))
    with subprocess.Popen([DIST / "dronc-runner"], env=settings, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            os.set_blocking(process.stdout.fileno(), False)
            fcntl.fcntl(process.stdout.fileno(), 1031, 4096)  # F_SETPIPE_SZ: full after a few lines
            hook.wait_for_calls(8, timeout=20)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10 * SCALE) == 0
        finally:
            process.kill()


def test_drain_leaves_nothing_behind_in_redis(make_runner, handler, redis, target):
    hooks = [target.hook() for _ in range(20)]
    for hook in hooks:
        handler.schedule("* * * * * *", hook.url)
    runner = make_runner()
    hooks[0].wait_for_calls(2)
    assert runner.terminate() == 0
    with redis.client() as db:
        left = [key for key in db.scan_iter(count=1000) if b":claimed:" in key or key.endswith(b":holders")]
        assert (left, db.exists("dronc:runners")) == ([], 0)
        assert sum(db.zcard(f"dronc:{{{shard}}}:due") for shard in range(16)) == 20


def test_zone_that_cannot_be_read_just_now_breaks_no_job(runner, handler, hook):
    """Out of descriptors for a moment: the job is called a little later, and not marked as broken."""
    at = soon(1)
    job_id = handler.schedule(f"{at % 60} * * * * *", hook.url, "ATLEAST_ONCE", timezone="Asia/Kathmandu")
    spare = len(os.listdir(f"/proc/{runner.pid}/fd"))
    subprocess.run(["prlimit", "--pid", str(runner.pid), f"--nofile={spare}:"], check=True)
    wait_for(lambda: runner.events("job not read") or runner.events("job set aside"))
    subprocess.run(["prlimit", "--pid", str(runner.pid), "--nofile=1024:"], check=True)
    assert handler.wait_for_executions(job_id)[0]["scheduled_time"] == at
    assert handler.job(job_id).json["state"] == "ACTIVE"


def slow_reader(port):
    """A client that asks for six megabytes, and reads nothing."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.connect(("127.0.0.1", port))
    peer.sendall(b"GET /v1/jobs?limit=200 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return peer


def test_slow_readers_hold_no_handlers(make_stack):
    stack = make_stack(FCGI_PROCESSES=2).start()
    for n in range(200):
        stack.schedule(NEVER_SOON, f"http://127.0.0.1:9/{n}", method="POST", body="x" * 32000)
    slow = [slow_reader(stack.port) for _ in range(2)]
    wait_for(lambda: len(select.select(slow, [], [], 0)[0]) == 2, what="the beginning of both answers")
    begin = time.monotonic()
    assert stack.get("/health").status == 200
    assert time.monotonic() - begin < SCALE
    for peer in slow:
        peer.close()
