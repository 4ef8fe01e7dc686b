"""Many jobs at once: POST /v1/jobs:batch takes a definition in each line, GET /v1/jobs:export writes them."""
import json
import os
import resource
import signal
import socket
import threading
import time

import pytest

from harness import NEVER_SOON, SANITIZED, at_second, job_key, key_of, id_bytes, soon, wait_for

KIND = {"type": "ATLEAST_ONCE"}


def definition(n=0, **fields):
    return {"schedule": NEVER_SOON, "api": f"http://h/{n}", **KIND, **fields}


def no_jobs(redis):
    with redis.client() as db:
        db.flushall()


# --- in -----------------------------------------------------------------------------------------------------------


def test_each_line_is_answered_as_a_post_of_it_alone_is(handler):
    definitions = [definition(), definition(schedule="*/40 * * * *", timezone="Europe/Berlin"),
                   definition(name="nightly", tags=["b", "a"], headers={"X-Y": "z"}, body="hello", method="POST")]
    answer = handler.batch(definitions)
    assert answer.status == 200
    assert answer.lines == [handler.post(d).json for d in definitions]
    assert sorted(handler.all_jobs()) == sorted(line["job_id"] for line in answer.lines)


def test_a_bad_line_does_not_stop_the_others(handler):
    answer = handler.batch([definition(1), definition(2, schedule="61 * * * *"), {**definition(3), "tpye": "x"}, definition(4)])
    good, schedule, unknown, last = answer.lines
    assert (answer.status, good["api"], last["api"]) == (200, "http://h/1", "http://h/4")
    assert (schedule["line"], schedule["status"], schedule["error"]["code"], schedule["error"]["field"]) == (
        2, 400, "JOB_CREATION_FAILED", "schedule")
    assert (unknown["line"], unknown["error"]["code"], unknown["error"]["field"]) == (3, "INVALID_REQUEST", "tpye")
    assert len(handler.all_jobs()) == 2


def test_errors_of_lines_are_those_of_posts(handler):
    bad = [{"schedule": "* * * * *"}, definition(type="SOMETIMES"), definition(api="ftp://h/"), definition(timezone="Mars/Base"),
           definition(schedule="0 0 1 1 ? 2020"), definition(name=" x")]
    for n, (line, one) in enumerate(zip(handler.batch(bad).lines, bad), 1):
        alone = handler.post(one)
        assert line == {"line": n, "status": alone.status, "error": alone.error}


def test_blank_lines_count_and_are_not_answered(handler):
    lines = b"\n" + json.dumps(definition()).encode() + b"\r\n \t\n\nnonsense"
    first, second = handler.batch(lines).lines
    assert first["api"] == "http://h/0"
    assert (second["line"], second["status"], second["error"]["code"]) == (5, 400, "INVALID_REQUEST")


def test_nothing_is_answered_with_nothing(handler):
    for body in (b"", b"\n\n"):
        answer = handler.batch(body)
        assert (answer.status, answer.body) == (200, b"")


def test_lines_of_one_name_take_effect_in_their_order(handler):
    answer = handler.batch([definition(n, name="same") for n in range(5)])
    assert [line["api"] for line in answer.lines] == [f"http://h/{n}" for n in range(5)]
    [job_id] = handler.all_jobs()
    assert handler.job(job_id).json["api"] == "http://h/4"


def test_if_match_holds_for_each_line_that_changes_a_job(handler):
    changed, kept = handler.batch([definition(1, name="a"), definition(2, name="b")]).lines
    handler.patch(kept["job_id"], {"description": "version 2"})
    answer = handler.batch([definition(3, name="a"), definition(4, name="b"), definition(5, name="c")], if_match='"1"')
    assert [line.get("status") for line in answer.lines] == [None, 412, None]
    assert handler.job(changed["job_id"]).json["version"] == 2


def test_the_same_batch_again_changes_nothing(handler, redis):
    lines = [definition(n, **({"name": f"job {n}"} if n % 2 else {})) for n in range(300)]
    first = handler.batch(lines)
    with redis.client() as db:
        before = {key: db.dump(key) for key in db.keys("*")}
        assert handler.batch(lines).body == first.body
        assert {key: db.dump(key) for key in db.keys("*")} == before


def test_jobs_of_a_batch_are_called(handler, runner, hook):
    at = soon(1)
    handler.batch([{"schedule": at_second(at), "api": f"{hook.url}?n={n}", **KIND} for n in range(20)])
    assert len({call.query for call in hook.wait_for_calls(20)}) == 20


def test_scripts_that_redis_has_forgotten_are_sent_again(handler, redis):
    handler.batch([definition(0)])
    with redis.client() as db:
        db.script_flush()
    answer = handler.batch([definition(n) for n in range(1, 400)])
    assert [line["api"] for line in answer.lines] == [f"http://h/{n}" for n in range(1, 400)]


# --- its limits ---------------------------------------------------------------------------------------------------


def test_a_thousand_lines_and_no_more(handler):
    answer = handler.batch([definition(n) for n in range(1000)])
    assert len(answer.lines) == 1000 and all("job_id" in line for line in answer.lines)
    answer = handler.batch([definition(n, name="too many") for n in range(1001)])
    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")
    assert len(handler.all_jobs(limit=200)) == 1000


def test_a_line_is_no_longer_than_a_post(handler):
    long, ok = handler.batch([definition(1, description="x" * 66000), definition(2)]).lines
    assert (long["line"], long["status"], long["error"]["code"]) == (1, 413, "PAYLOAD_TOO_LARGE")
    assert ok["api"] == "http://h/2"


def test_four_mebibytes_through_nginx(stack):
    """(Of lines that are none, so that nothing is stored.)"""
    body = (b"x" * 8191 + b"\n") * 512
    assert len(body) == 4 << 20 and len(stack.batch(body).lines) == 512
    for one_more in (body + b"x", b"y" * (5 << 20)):
        answer = stack.batch(one_more)
        assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")
        assert "4194304" in answer.error["message"]
    answer = stack.post(b"y" * 65537)
    assert (answer.status, answer.error["message"]) == (413, "the body is longer than 65536 bytes")


@pytest.mark.parametrize("kind, status", [("application/x-ndjson", 200), ("application/jsonl; charset=utf-8", 200), (None, 200),
                                          ("application/json", 415), ("application/x-www-form-urlencoded", 415)])
def test_the_type_of_a_batch(handler, kind, status):
    assert handler.batch([definition()], content_type=kind).status == status


def test_methods_of_both_paths(handler):
    assert handler.get("/v1/jobs:batch").headers["allow"] == "POST"
    assert handler.request("POST", "/v1/jobs:export").headers["allow"] == "GET, HEAD"
    assert handler.get("/v1/jobs:export?limit=1").code == "INVALID_REQUEST"


# --- Redis fails --------------------------------------------------------------------------------------------------


def test_when_redis_is_away_every_line_says_so(handler, redis):
    handler.batch([definition(0)])
    redis.kill()
    started = time.monotonic()
    answer = handler.batch([definition(n) for n in range(500)])
    assert answer.status == 200 and [line["line"] for line in answer.lines] == list(range(1, 501))
    assert {(line["status"], line["error"]["code"]) for line in answer.lines} == {(500, "STORAGE_ERROR")}
    assert time.monotonic() - started < 3
    assert handler.get("/v1/jobs:export").status == 500
    redis.start()
    wait_for(lambda: "job_id" in handler.batch([definition(0)]).lines[0])


def test_when_redis_hangs_nobody_waits_for_each_line(handler, redis):
    handler.batch([definition(0)])
    redis.program.signal(signal.SIGSTOP)
    started = time.monotonic()
    answer = handler.batch([definition(n) for n in range(1000)])
    redis.program.signal(signal.SIGCONT)
    assert {line["status"] for line in answer.lines} == {500} and len(answer.lines) == 1000
    assert time.monotonic() - started < 5


# --- out and in again ---------------------------------------------------------------------------------------------


def some_of_everything(handler):
    """Jobs of all kinds, in all states but BROKEN."""
    made = handler.batch([definition(n) for n in range(250)]
                         + [definition(n, name=f"name {n}", description="é \"quoted\"\n", tags=["x", "a"]) for n in range(50)]
                         + [definition(0, schedule="CRON_TZ=Europe/Berlin 0 9 * * *"), definition(0, timezone="Asia/Tokyo"),
                            definition(0, method="PUT", headers={"X-B": "2", "X-A": "{{job_id}}"}, body="{{attempt}}", timeout_ms=5000,
                                       success={"status": ["2xx", 304]}, retry={"max_attempts": 3}, retry_client_errors=True, keep_response=True),
                            definition(0, body_base64="AAEC/w==", method="POST", catch_up="latest", catch_up_window_s=60)]).lines
    ids = [line["job_id"] for line in made]
    assert len(set(ids)) == len(ids)
    handler.patch(ids[0], {"schedule": "0 12 * * *"})  # its id is no longer the one of its definition
    handler.pause(ids[1], {"note": "until Monday"})
    handler.pause(ids[250])
    return ids


def test_what_was_exported_comes_back_as_it_was(handler, redis):
    ids = some_of_everything(handler)
    with redis.client() as db:  # what no runner calls any more is over, as a runner would write it
        over = ids.pop()
        db.hset(job_key(over), "state", "COMPLETED")
        db.zrem(key_of(over, "due"), id_bytes(over))
    first = handler.export()
    assert {json.loads(line)["job_id"] for line in first.splitlines()} == {*ids, over}
    no_jobs(redis)
    answer = handler.batch(first)
    assert [line for line in answer.lines if "error" in line] == []
    assert handler.export() == first


def test_a_line_of_an_export_is_a_definition_with_its_id(handler):
    job_id = handler.post(definition(7, name="seven")).json["job_id"]
    assert json.loads(handler.export()) == {"job_id": job_id, **definition(7, name="seven"), "timezone": "UTC"}


def test_warnings_do_not_go_out(handler):
    assert handler.post(definition(schedule="*/40 * * * *")).json["warnings"]
    assert "warnings" not in json.loads(handler.export())


def test_a_paused_job_comes_back_paused(handler, redis, runner, hook):
    job_id = handler.schedule("* * * * * *", hook.url)
    handler.pause(job_id, {"note": "on purpose"})
    line = json.loads(handler.export())
    assert (line["state"], line["state_reason"], line["state_note"]) == ("PAUSED", "user", "on purpose")
    no_jobs(redis)
    handler.batch([line])
    job = handler.job(job_id).json
    assert (job["state"], job["state_note"], job["version"], job["next"]) == ("PAUSED", "on purpose", 1, [])
    calls = len(hook.calls)
    assert handler.resume(job_id).json["state"] == "ACTIVE"
    hook.wait_for_calls(calls + 1)


def test_a_job_that_is_there_keeps_its_state(handler):
    job_id = handler.post(definition()).json["job_id"]
    assert handler.batch([{**definition(), "state": "PAUSED"}]).lines[0]["job_id"] == job_id
    assert handler.job(job_id).json["state"] == "ACTIVE"


def test_a_changed_job_keeps_its_id_and_is_known_to_be_changed(handler, redis):
    job_id = handler.post(definition(1)).json["job_id"]
    handler.patch(job_id, {"api": "http://h/2"})
    line = json.loads(handler.export())
    no_jobs(redis)
    assert handler.batch([line]).lines[0]["job_id"] == job_id
    assert handler.batch([line]).lines[0]["job_id"] == job_id  # again
    assert handler.job(job_id).json["version"] == 2
    assert handler.post(definition(1)).code == "CONFLICT"
    assert handler.batch([{**definition(3), "job_id": job_id}]).lines[0]["error"]["code"] == "CONFLICT"


@pytest.mark.parametrize("extra, field", [({"job_id": "capi:1"}, "job_id"), ({"state": "BROKEN"}, "state"), ({"state": "paused"}, "state"),
                                          ({"name": "x", "job_id": "capi:" + "0" * 64}, "job_id"), ({"state": 1}, "state"),
                                          ({"state": "PAUSED", "state_note": "x" * 513}, "state"), ({"version": 2}, "version")])
def test_what_an_export_never_says_is_refused(handler, extra, field):
    [line] = handler.batch([definition(**extra)]).lines
    assert (line["status"], line["error"]["field"]) == (400, field)
    assert handler.all_jobs() == []


def test_only_a_batch_takes_ids_and_states(handler):
    for extra in ({"job_id": "capi:" + "0" * 64}, {"state": "PAUSED"}):
        assert handler.post(definition(**extra)).code == "INVALID_REQUEST"


def test_a_broken_job_is_named_and_not_taken_back(handler, redis):
    job_id = handler.post(definition()).json["job_id"]
    with redis.client() as db:
        db.hset(job_key(job_id), "schedule", "no schedule")
    line = json.loads(handler.export())
    assert (line["job_id"], line["state"]) == (job_id, "BROKEN") and line["error"]
    assert handler.batch([line]).lines[0]["status"] == 400


def test_an_export_of_nothing_is_empty(handler):
    assert handler.export() == b""
    assert handler.request("HEAD", "/v1/jobs:export").status == 200


def test_a_failure_in_the_middle_is_the_last_line(handler, redis):
    """Seen from outside: the answer does not fit through the socket, so there is time to take Redis away."""
    handler.batch([definition(n, description="x" * 1000) for n in range(1000)])
    with socket.socket(socket.AF_UNIX) as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.connect(handler.path)
        params = b"".join(handler._pair(k, v) for k, v in ((b"REQUEST_METHOD", b"GET"), (b"REQUEST_URI", b"/v1/jobs:export")))
        peer.sendall(handler._record(1, b"\0\1\0\0\0\0\0\0") + handler._stream(4, params) + handler._stream(5, b""))
        stream = peer.makefile("rb")
        begin = stream.read(8)
        redis.kill()
        answer = handler._answer(Behind(begin, stream)).partition(b"\r\n\r\n")[2]
    lines = [json.loads(line) for line in answer.splitlines()]
    assert 0 < len(lines) - 1 < 1000
    assert set(lines[-1]) == {"error"} and lines[-1]["error"]["code"] == "STORAGE_ERROR"
    assert all("job_id" in line for line in lines[:-1])


class Behind:
    """A stream with something that was read of it already in front."""

    def __init__(self, begin, stream):
        self.begin, self.stream = begin, stream

    def read(self, size):
        piece, self.begin = self.begin[:size], self.begin[size:]
        return piece + self.stream.read(size - len(piece))


@pytest.mark.skipif(SANITIZED, reason="ASan takes its own memory")
def test_lines_that_replace_jobs_take_memory_one_by_one(handler, redis):
    """Each reads the history of its job, which is 400 KB here."""
    count, history = 60, [record(n) for n in range(200)]
    handler.batch([definition(n, name=f"job {n}") for n in range(count)])
    with redis.client() as db:
        for job_id in handler.all_jobs():
            db.rpush(job_key(job_id, "history"), *history)
    resource.prlimit(handler.pid, resource.RLIMIT_DATA, (24 * 2**20, 24 * 2**20))
    lines = handler.batch([definition(n, name=f"job {n}", description="new") for n in range(count)]).lines
    assert [line["description"] for line in lines] == ["new"] * count


def record(n):
    ms = 1_750_000_000_000 + n * 1000
    return f"o:f s:{ms} a:1 x:{ms} t:1 h:500 l:0 z:1024 k:{'AAAA' * 341}AA== r:planted c:http e:{'e' * 300}"


# --- the whole stack ----------------------------------------------------------------------------------------------


def memory_kb(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1])


def test_a_backup_of_ten_thousand_jobs_in_constant_memory(make_stack):
    """(100,000 of them take about 8 s in and 4 s out on two cores.)"""
    stack = make_stack(FCGI_PROCESSES=1).start()
    stack.batch([definition(n, name=f"job {n}") for n in range(1000)])
    stack.export()
    [pid] = stack.pids("fcgi")
    before = memory_kb(pid)
    for k in range(1, 10):
        assert len(stack.batch([definition(n, name=f"job {n}") for n in range(k * 1000, k * 1000 + 1000)]).lines) == 1000
    first = stack.export()
    lines = first.splitlines(keepends=True)
    assert len(lines) == 10000
    with stack.redis() as db:
        db.flushall()
    for k in range(0, 10000, 1000):
        assert b'"error"' not in stack.batch(b"".join(lines[k:k + 1000])).body
    assert stack.export() == first
    assert SANITIZED or memory_kb(pid) - before < 3000


def test_batches_at_the_same_time(stack):
    answers = []
    threads = [threading.Thread(target=lambda k=k: answers.append(stack.batch([definition(f"{k}/{n}") for n in range(500)])))
               for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("job_id" in line for answer in answers for line in answer.lines) == 2000


def test_an_export_that_is_cut_is_no_whole_answer(make_stack):
    """The handler dies in the middle: a client that reads the answer through nginx gets no proper end."""
    stack = make_stack(FCGI_PROCESSES=1).start()
    for k in range(20):
        answer = stack.batch([definition(f"{k}/{n}", description="x" * 1000) for n in range(1000)])
        assert b'"error"' not in answer.body
    [pid] = stack.pids("fcgi")
    with socket.create_connection(("127.0.0.1", stack.port)) as peer:
        peer.sendall(b"GET /v1/jobs:export HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        data = peer.recv(1)
        os.kill(pid, signal.SIGKILL)
        while piece := peer.recv(65536):
            data += piece
    assert data.startswith(b"HTTP/1.1 200") and data.count(b'"job_id"') < 20000
    assert not data.endswith(b"0\r\n\r\n")
