"""The runner as a process: stopping, dying, losing Redis, sharing the work, and what it says."""
import hashlib
import os
import re
import signal

import pytest

import target as t
from harness import DIST, SCALE, at_second, id_bytes, job_key, key_of, soon, state_of, wait_for


def seconds_of(calls):
    """The occurrences that were called, in order."""
    return sorted({call.scheduled for call in calls})


def assert_none_twice(hooks):
    for hook in hooks:
        keys = [(call.key, call.attempt) for call in hook.calls]
        assert len(set(keys)) == len(keys), f"called twice: {hook.calls}"


def assert_none_missed(hooks):
    for hook in hooks:
        seconds = seconds_of(hook.calls)
        assert seconds == [seconds[0] + n for n in range(len(seconds))], f"missed: {seconds}"


def start_held_call(handler, hook, kind="ATMOST_ONCE"):
    """A call that is under way until hook.release(): its job."""
    job_id = handler.schedule(at_second(soon()), hook.answers(t.held, t.status(200)).url, kind)
    hook.wait_for_calls()
    return job_id


# --- stopping -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_stop_waits_for_the_call_in_flight(runner, handler, hook, signum):
    job_id = start_held_call(handler, hook)
    runner.signal(signum)
    wait_for(lambda: runner.events("stopping"))
    assert runner.running
    hook.release()
    assert runner.exit_code() == 0
    assert handler.executions(job_id=job_id)[0]["success"]


def test_stopping_runner_leaves_what_is_due_to_others(make_runner, handler, hook, target):
    stopping, later = make_runner(), target.hook()
    start_held_call(handler, hook)
    stopping.signal(signal.SIGTERM)
    wait_for(lambda: stopping.events("stopping"))
    other = make_runner()
    job_id = handler.schedule(at_second(soon()), later.url)
    later.wait_for_calls()
    wait_for(lambda: [line["job"] for line in other.calls] == [job_id])
    hook.release()
    assert stopping.exit_code() == 0
    assert job_id not in [line["job"] for line in stopping.calls]


def test_second_stop_does_not_wait(runner, handler, hook):
    start_held_call(handler, hook)
    runner.signal(signal.SIGTERM)
    wait_for(lambda: runner.events("stopping"))
    runner.signal(signal.SIGTERM)
    assert runner.exit_code(2) == 1
    hook.release()


def test_stop_waits_no_longer_than_its_limit(make_runner, handler, hook):
    runner = make_runner(RUNNER_DRAIN_TIMEOUT_MS=300)
    job_id = start_held_call(handler, hook)
    assert runner.terminate(5) == 0
    execution, = handler.executions(job_id=job_id)
    assert (execution["success"], execution["error_class"]) == (False, "aborted")


def test_at_least_once_call_that_was_aborted_is_made_again(make_runner, handler, hook):
    runner = make_runner(RUNNER_DRAIN_TIMEOUT_MS=300)
    start_held_call(handler, hook, "ATLEAST_ONCE")
    assert runner.terminate(5) == 0
    make_runner()
    first, second = hook.wait_for_calls(2)
    assert (first.key, second.attempt) == (second.key, 2)


def test_stop_without_redis_still_ends(runner, redis, handler, hook):
    redis.kill()
    wait_for(lambda: runner.events("redis unreachable"))
    assert runner.terminate(15) == 0


def test_idle_runner_stops_at_once(runner):
    assert runner.terminate(2) == 0
    assert [line["event"] for line in runner.log] == ["ready", "stopping", "stopped"]


def test_stopped_runner_leaves_the_list(runner, redis):
    with redis.client() as db:
        wait_for(lambda: db.zcard("dronc:runners") == 1)
        runner.terminate()
        assert db.zcard("dronc:runners") == 0


def test_rolling_restart_misses_nothing_and_calls_nothing_twice(make_runner, handler, target):
    hooks = [target.hook() for _ in range(10)]
    runner = make_runner()
    for n, hook in enumerate(hooks):
        handler.schedule("* * * * * *", hook.url, "ATMOST_ONCE" if n % 2 else "ATLEAST_ONCE")
    for count in (2, 4):
        hooks[0].wait_for_calls(count)
        new = make_runner()
        assert runner.terminate() == 0
        runner = new
    hooks[0].wait_for_calls(6)
    runner.terminate()
    assert_none_missed(hooks)
    assert_none_twice(hooks)


# --- dying --------------------------------------------------------------------------------------------------------


def test_at_least_once_call_of_a_killed_runner_is_made_again_by_another(make_runner, handler, hook):
    first = make_runner()
    job_id = start_held_call(handler, hook, "ATLEAST_ONCE")
    make_runner()
    first.kill()
    before, after = hook.wait_for_calls(2, timeout=10)
    assert before.key == after.key
    assert (before.attempt, after.attempt) == (1, 2)
    lost, succeeded = handler.wait_for_executions(job_id, 2)
    assert (lost["outcome"], succeeded["outcome"]) == ("lost", "succeeded")


def test_at_most_once_call_of_a_killed_runner_is_lost_and_not_made_again(make_runner, handler, hook):
    first = make_runner()
    job_id = start_held_call(handler, hook)
    second = make_runner()
    first.kill()
    execution, = handler.wait_for_executions(job_id, timeout=10)
    assert (execution["outcome"], execution["success"], execution["status_code"]) == ("lost", False, 0)
    said, = wait_for(lambda: second.events("claims of a dead runner handed on"))  # once Redis has answered for all shards
    assert said["lost"] == 1
    assert second.terminate() == 0
    assert len(hook.calls) == 1
    assert len(handler.executions(job_id=job_id)) == 1


def test_retry_survives_a_killed_runner(make_runner, handler, redis, hook):
    hook.answers(t.status(500), t.status(200))
    first = make_runner()
    job_id = handler.schedule(at_second(soon()), hook.url, "ATLEAST_ONCE")
    handler.wait_for_executions(job_id, 1)
    first.kill()
    make_runner()
    before, after = hook.wait_for_calls(2, timeout=10)
    assert (before.key, before.attempt) == (after.key, 1)
    # 3 where the first runner had just started the second attempt when it was killed: whether it left is unknown.
    assert after.attempt in (2, 3)


def test_second_level_job_goes_on_after_its_runner_was_killed(make_runner, handler, hook, target):
    least, most = target.hook(), target.hook()
    handler.schedule("* * * * * *", least.url, "ATLEAST_ONCE")
    handler.schedule("* * * * * *", most.url, "ATMOST_ONCE")
    first = make_runner()
    least.wait_for_calls(2)
    second = make_runner()
    first.kill()
    count = len(seconds_of(least.calls)) + 8
    wait_for(lambda: len(seconds_of(least.calls)) >= count, 15)
    second.terminate()
    assert_none_missed([least])
    assert_none_twice([most])


def test_runner_that_was_asleep_calls_nothing_twice(make_runner, handler, target):
    """SIGSTOP for longer than its lease, with claims in its hands; then it wakes up."""
    hooks = [target.hook() for _ in range(10)]
    sleeper, other = make_runner(), make_runner()
    for hook in hooks:
        handler.schedule("* * * * * *", hook.url)
    hooks[0].wait_for_calls(2)
    sleeper.signal(signal.SIGSTOP)
    wait_for(lambda: other.events("a runner has died"), 15)
    sleeper.signal(signal.SIGCONT)
    wait_for(lambda: sleeper.events("lease run out"), 5)
    seen = len(sleeper.calls)
    wait_for(lambda: len(sleeper.calls) > seen, 10, "a call by the runner that woke up")
    assert_none_twice(hooks)


# --- sharing ------------------------------------------------------------------------------------------------------


def test_two_runners_call_nothing_twice_and_miss_nothing(make_runner, handler, target):
    hooks = [target.hook() for _ in range(20)]
    runners = [make_runner(), make_runner()]
    for n, hook in enumerate(hooks):
        handler.schedule("* * * * * *", hook.url, "ATMOST_ONCE" if n % 2 else "ATLEAST_ONCE")
    for hook in hooks:
        hook.wait_for_calls(10, timeout=15)
    for runner in runners:
        assert runner.terminate() == 0
    assert_none_twice(hooks)
    assert_none_missed(hooks)
    print(f"\ncalls by runner: {[len(runner.calls) for runner in runners]}", end="")
    assert sum(len(runner.calls) for runner in runners) == sum(len(hook.calls) for hook in hooks)


def test_no_more_calls_at_once_than_allowed(make_runner, handler, target):
    hooks = [target.hook().answers(t.slow(0.2)) for _ in range(8)]
    make_runner(RUNNER_MAX_IN_FLIGHT=2)
    instant = soon(0.5)
    for hook in hooks:
        handler.schedule(at_second(instant), hook.url)
    calls = [hook.wait_for_calls()[0] for hook in hooks]
    assert t.at_once(calls) == 2, sorted((call.at, call.answered) for call in calls)


# --- Redis ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["kill", "pause"])
def test_lost_redis_is_said_once_and_survived(runner, redis, handler, target, how):
    least, most = target.hook(), target.hook()
    handler.schedule("* * * * * *", least.url, "ATLEAST_ONCE")
    handler.schedule("* * * * * *", most.url, "ATMOST_ONCE")
    least.wait_for_calls(2)
    getattr(redis, how)()
    wait_for(lambda: runner.events("redis unreachable"))
    seen = len(least.calls)
    redis.start() if how == "kill" else redis.resume()
    wait_for(lambda: runner.events("redis is back"))
    least.wait_for_calls(seen + 3)
    runner.terminate()
    assert len(runner.events("redis unreachable")) == len(runner.events("redis is back")) == 1
    assert_none_missed([least])
    assert_none_twice([most])


def test_runner_that_starts_before_redis_waits_for_it(make_runner, redis, handler, hook):
    handler.schedule("* * * * * *", hook.url)
    redis.kill()
    runner = make_runner(wait=False)
    wait_for(lambda: runner.events("redis unreachable"))
    redis.start()
    hook.wait_for_calls(2)
    assert [line["event"] for line in runner.log][:2] == ["redis unreachable", "redis is back"]
    assert len(runner.events("redis unreachable")) == 1


def test_outcome_of_a_call_is_kept_while_redis_is_away(runner, redis, handler, hook):
    job_id = start_held_call(handler, hook)
    redis.kill()
    wait_for(lambda: runner.events("redis unreachable"))
    hook.release()
    wait_for(lambda: runner.calls)
    redis.start()
    execution, = handler.wait_for_executions(job_id)
    assert (execution["success"], len(hook.calls)) == (True, 1)


def test_forgotten_scripts_and_closed_connections_are_survived(runner, redis, handler, target):
    least, most = target.hook(), target.hook()
    handler.schedule("* * * * * *", least.url, "ATLEAST_ONCE")
    handler.schedule("* * * * * *", most.url, "ATMOST_ONCE")
    for count in range(2, 5):
        least.wait_for_calls(count)
        redis.client().script_flush() if count % 2 else redis.drop_clients()
    least.wait_for_calls(6)
    runner.terminate()
    assert_none_missed([least])
    assert_none_twice([most])


def test_broken_job_is_set_aside(runner, redis, handler, hook, target):
    broken = handler.schedule("* * * * * *", target.hook().url)
    with redis.client() as db:
        db.hset(job_key(broken), "schedule", "garbage")
        wait_for(lambda: runner.events("job set aside"))
        assert wait_for(lambda: db.zscore(key_of(broken, "broken"), id_bytes(broken)))
    handler.schedule(at_second(soon()), hook.url)
    hook.wait_for_calls()


def test_keys_of_another_type_do_not_stop_the_recording(runner, redis, handler, hook):
    job_id = handler.schedule(at_second(soon()), hook.url)
    with redis.client() as db:
        db.set(key_of(job_id, "executions"), "garbage")
        db.set(job_key(job_id, "history"), "garbage")
    wait_for(lambda: handler.get(f"/v1/track/executions?job_id={job_id}").status == 200)
    execution, = handler.wait_for_executions(job_id)
    assert execution["success"]
    assert [e["id"] for e in handler.executions()] == [execution["id"]]


# --- much at once, and much that was missed -----------------------------------------------------------------------


def plant_job(db, job_id, due, **fields):
    """What a POST leaves in Redis, but due at any instant."""
    definition = {"schedule": "0 * * * * *", "type": "ATMOST_ONCE", "created": 1_700_000_000_000, **fields}
    db.hset(job_key(job_id), mapping=definition)
    db.zadd(key_of(job_id, "due"), {id_bytes(job_id): due * 1000})


def made_up_ids(count):
    return ["capi:" + hashlib.sha256(str(n).encode()).hexdigest() for n in range(count)]


def test_burst_of_1500_jobs_is_called_completely_and_once(make_runner, redis, own_target):
    """More than a runner may have in flight, and than any script may handle in one go."""
    hook, jobs, instant = own_target.hook(), made_up_ids(1500), soon(1)
    with redis.client() as db, db.pipeline(transaction=False) as pipe:
        for job_id in jobs:
            plant_job(pipe, job_id, instant, schedule=at_second(instant), api=hook.url)
        pipe.execute()
    runner = make_runner()
    calls = hook.wait_for_calls(1500, timeout=20)
    wait_for(lambda: len(runner.calls) >= 1500, 20)
    runner.terminate()
    assert len({call.key for call in hook.calls}) == len(hook.calls) == 1500
    assert min(call.at for call in calls) >= instant
    print(f"\n1500 calls left within {max(call.at for call in calls) - instant:.3f} s", end="")


def test_late_at_most_once_occurrences_are_missed_and_told_as_one(make_runner, redis, handler, hook):
    job_id, = made_up_ids(1)
    now = soon() // 60 * 60
    with redis.client() as db:
        plant_job(db, job_id, now - 600, api=hook.url)
    make_runner()
    missed, *called = handler.wait_for_executions(job_id, 2)
    assert (missed["outcome"], missed["success"], missed["attempt"]) == ("missed", False, 0)
    assert (missed["scheduled_time"], missed["missed_until"]) == (now - 600, now - 600 + 60 * (missed["missed_count"] - 1))
    assert 9 <= missed["missed_count"] <= 11
    assert called[0]["scheduled_time"] == missed["missed_until"] + 60


def test_late_at_least_once_occurrences_are_caught_up_with_in_order(make_runner, redis, handler, hook):
    job_id, = made_up_ids(1)
    now = soon() // 60 * 60
    with redis.client() as db:
        plant_job(db, job_id, now - 180 * 60, api=hook.url, type="ATLEAST_ONCE")
    make_runner()
    hook.wait_for_calls(100, timeout=20)
    # Begun in order; they do not wait for each other's answers, so two that follow closely may arrive the other way round.
    seconds = sorted(call.scheduled for call in hook.calls)
    assert seconds == [seconds[0] + 60 * n for n in range(len(seconds))]
    executions = wait_for(lambda: (lambda found: len(found) > len(seconds) and found)(
        handler.executions(job_id=job_id, limit=200)), 10, "a record of each")
    begun = [e["execution_time_ms"] for e in sorted(executions, key=lambda e: e["scheduled_time"]) if e["outcome"] != "missed"]
    assert begun == sorted(begun)
    missed = [e for e in executions if e["outcome"] == "missed"]
    assert [e["missed_until"] for e in missed] == [seconds[0] - 60]
    assert 79 <= missed[0]["missed_count"] <= 82


# --- what it says -------------------------------------------------------------------------------------------------


LOSSY = ["--appendonly", "no", "--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru"]


def test_start_tells_what_redis_keeps_and_how_many_jobs_wait(runner):
    ready, = runner.events("ready")
    assert ready["redis_keeps"] == "appendonly yes, appendfsync always, maxmemory-policy noeviction"
    assert (ready["jobs_waiting"], ready["next"]) == (0, "none")
    assert not runner.events("redis may lose jobs")


def test_start_warns_of_a_redis_that_may_lose_jobs_and_says_it_once(home, make_redis, make_runner):
    redis = make_redis(*LOSSY, folder="lossy")
    runner = make_runner(REDIS_SOCKET=redis.socket)
    warnings = wait_for(lambda: len(runner.events("redis may lose jobs")) == 2 and runner.events("redis may lose jobs"))
    assert "appendonly is no" in warnings[0]["why"] and "maxmemory-policy is allkeys-lru" in warnings[1]["why"]
    redis.kill()
    wait_for(lambda: runner.events("redis unreachable"))
    redis.start()
    wait_for(lambda: runner.events("redis is back"))
    with redis.client() as db:
        wait_for(lambda: db.zcard("dronc:runners") == 1)
        db.config_set("maxmemory-policy", "noeviction")
        db.config_set("appendonly", "yes")
        redis.drop_clients()
        wait_for(lambda: len(runner.events("redis is back")) == 2)
    assert len(runner.events("redis may lose jobs")) == 2


def test_start_says_nothing_where_it_may_not_ask(redis, make_runner):
    with redis.client() as db:
        db.config_set("appendonly", "no")
        db.execute_command("ACL", "SETUSER", "dronc", "on", ">one", "+@all", "-info", "-config", "~*", "&*")
    login = {"REDIS_USERNAME": "dronc", "REDIS_PASSWORD": "one"}
    runner = make_runner(**login)
    assert runner.events("ready")[0]["redis_keeps"] == "unknown"
    assert not runner.events("redis may lose jobs")


def test_log_is_json_where_there_is_no_terminal(runner, handler, hook):
    handler.schedule(at_second(soon()), hook.url)
    wait_for(lambda: runner.calls)
    runner.terminate()
    lines = runner.out.splitlines()
    assert len(lines) == len(runner.log), "a line is no JSON"
    assert all({"time", "level", "event", "program"} <= line.keys() for line in runner.log)


def test_log_as_text_has_no_colour_in_a_file(make_runner, handler, hook):
    runner = make_runner(LOG_FORMAT="text", wait=False)
    job_id = handler.schedule(at_second(soon()), hook.url)
    line = wait_for(lambda: re.search(r".*call succeeded.*\n", runner.out))[0]
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO  call succeeded +job=" + job_id + " ", line)
    assert "\x1b" not in runner.out


def test_log_on_a_terminal_is_text_in_colour(make_terminal, redis, handler, hook):
    terminal = make_terminal([DIST / "dronc-runner"], **redis.settings())
    terminal.wait_for_text("ready")
    handler.schedule(at_second(soon()), hook.url)
    terminal.wait_for_text(r"\x1b\[32mINFO .*call succeeded")
    assert '"event"' not in terminal.text


@pytest.mark.parametrize("settings, wanted", [({"LOG_FORMAT": "json"}, '"event":"ready"'), ({"NO_COLOR": "1"}, r"INFO  ready")])
def test_terminal_can_do_without_colour(make_terminal, redis, settings, wanted):
    terminal = make_terminal([DIST / "dronc-runner"], **redis.settings(**settings))
    terminal.wait_for_text(wanted)
    assert "\x1b[3" not in terminal.text


def test_level_changes_at_run_time(make_runner, handler, hook):
    runner = make_runner(LOG_LEVEL="warn", wait=False)
    handler.schedule("* * * * * *", hook.url)
    hook.wait_for_calls(2)
    assert runner.log == []
    runner.signal(signal.SIGUSR1)
    wait_for(lambda: runner.calls)
    assert runner.events("log level changed")[0]["level"] == "info"
    runner.signal(signal.SIGUSR1)
    wait_for(lambda: any(line["level"] == "debug" for line in runner.log))
    for _ in range(3):
        count = len(runner.events("log level changed"))
        runner.signal(signal.SIGUSR2)
        wait_for(lambda: len(runner.events("log level changed")) > count)
    assert runner.events("log level changed")[-1]["level"] == "error"
    calls = len(runner.calls)
    hook.wait_for_calls(len(hook.calls) + 2)
    assert len(runner.calls) == calls


def test_hangup_reads_the_time_zones_again(runner):
    runner.signal(signal.SIGHUP)
    wait_for(lambda: runner.events("time zones read again"))
    assert runner.running


def test_idle_runner_does_not_poll(runner):
    """A second of doing nothing costs a few wake-ups, not a thousand."""
    def switches():
        return int(re.search(r"voluntary_ctxt_switches:\s+(\d+)", open(f"/proc/{runner.pid}/status").read())[1])
    wait_for(lambda: state_of(runner.pid) == "S")
    before, began = switches(), os.times().elapsed
    wait_for(lambda: os.times().elapsed > began + 2 / SCALE)
    assert switches() - before < 60
