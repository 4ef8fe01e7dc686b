"""kill -9 of everything, at any moment: what was acknowledged is there again, and nothing is lost or called twice."""
import os
import signal
import threading

import pytest

from harness import NEVER_SOON, id_bytes, job_key, key_of, processes_in, wait_for


def assert_stored(stack, jobs):
    """Each job is there, and due."""
    with stack.redis() as db:
        for job_id in jobs:
            assert db.exists(job_key(job_id)), f"lost: {job_id}"
            # One that is due each second is claimed for a part of each second.
            wait_for(lambda: db.zscore(key_of(job_id, "due"), id_bytes(job_id)), 3, f"{job_id} to be due")


def test_stop_and_start_finds_every_job(make_stack, hook):
    stack = make_stack().start()
    jobs = [stack.schedule(NEVER_SOON, f"http://127.0.0.1:9/{n}") for n in range(50)]
    called = stack.schedule("* * * * * *", hook.url)
    hook.wait_for_calls()
    assert stack.stop() == 0
    seen, before = len(hook.calls), stack.data.stat().st_ino
    stack.start()
    assert stack.data.stat().st_ino == before
    assert_stored(stack, [*jobs, called])
    assert stack.executions(job_id=called)
    hook.wait_for_calls(seen + 2)


def test_jobs_that_were_acknowledged_survive_kill_9_of_everything(make_stack):
    """Clients are posting while it happens."""
    stack, acknowledged = make_stack(FCGI_PROCESSES=4).start(), []

    def post(client):
        try:
            for n in range(100000):
                acknowledged.append(stack.schedule(NEVER_SOON, f"http://127.0.0.1:9/{client}/{n}"))
        except Exception:
            pass  # it is gone

    clients = [threading.Thread(target=post, args=(n,)) for n in range(4)]
    for client in clients:
        client.start()
    wait_for(lambda: len(acknowledged) >= 200)
    stack.kill_everything()
    for client in clients:
        client.join()
    stack.start()
    print(f"\n{len(acknowledged)} jobs were acknowledged", end="")
    assert_stored(stack, acknowledged)


def test_occurrences_survive_kill_9_of_everything(make_stack, target):
    """At least once: each second's call is made, before or after. At most once: none is made twice."""
    stack = make_stack().start()
    least, most = [target.hook() for _ in range(5)], [target.hook() for _ in range(5)]
    for one, other in zip(least, most):
        stack.schedule("* * * * * *", one.url, "ATLEAST_ONCE")
        stack.schedule("* * * * * *", other.url, "ATMOST_ONCE")
    least[-1].wait_for_calls(2)
    stack.kill_everything()
    last = max(call.scheduled for hook in least for call in hook.calls)
    stack.start()
    wait_for(lambda: all(hook.calls[-1].scheduled >= last + 8 for hook in least), 20)
    for hook in least:
        seconds = sorted({call.scheduled for call in hook.calls})
        assert seconds == [seconds[0] + n for n in range(len(seconds))], "missed"
    for hook in most:
        assert len({call.key for call in hook.calls}) == len(hook.calls), "called twice"


@pytest.mark.parametrize("program", ["redis", "fcgi", "nginx"])
def test_second_start_cleans_up_after_a_part_that_was_killed(make_stack, program):
    stack = make_stack().start()
    job_id = stack.schedule(NEVER_SOON, "http://127.0.0.1:9/")
    for pid in stack.pids(program):
        os.kill(pid, signal.SIGKILL)
    assert stack.stop() == 0
    assert not processes_in(stack.data)
    stack.start()
    assert_stored(stack, [job_id])
    assert stack.get("/health/deep").status == 200
