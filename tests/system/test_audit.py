"""The trail: GET /v1/audit has each change that happened, who asked for it and from where, and none that did not happen."""
import collections
import itertools
import json
import os
import random
import re
import signal
import threading
import time
from urllib.parse import urlencode

import pytest

from harness import NEVER_SOON, CgiClient, id_bytes, is_alive, job_key, key_of, wait_for
from planted import plant_dead

JOB = {"schedule": NEVER_SOON, "api": "http://127.0.0.1:9/", "type": "ATLEAST_ONCE"}
STREAMS = [f"dronc:{{{shard}}}:audit" for shard in range(16)]


def page(client, **query):
    answer = client.get(f"/v1/audit?{urlencode(query)}")
    assert answer.status == 200, answer
    assert answer.json["count"] == len(answer.json["entries"])
    return answer.json


def trail(client, **query):
    """All entries, the first one first."""
    found = page(client, **query)
    entries = found["entries"]
    while found["next_cursor"]:
        found = page(client, cursor=found["next_cursor"], **query)
        entries += found["entries"]
    return entries[::-1]


def said(entries, *names):
    return [tuple(entry.get(name) for name in names) for entry in entries]


def audit_lines(program, count):
    """What the log has about changes, once it has so many lines: a handler writes them a moment later."""
    def lines():
        return [line for line in map(json.loads, re.findall(r"^{.*}$", program.err, re.M)) if line["event"] == "audit"]
    wait_for(lambda: len(lines()) >= count)
    return lines()


# --- what has an entry --------------------------------------------------------------------------------------------


def test_each_change_of_a_job_has_its_entry(stack):
    job = stack.schedule(NEVER_SOON, JOB["api"], "ATLEAST_ONCE", name="audited")
    stack.patch(job, {"description": "new"}, x_request_id="deploy-17")
    stack.pause(job, {"note": "why"})
    stack.resume(job)
    run = stack.run(job).json
    assert stack.post({**JOB, "name": "audited", "description": "newer"}).status == 201
    stack.delete(job)
    entries = trail(stack, object=job)
    assert said(entries, "action", "method", "route", "version") == [
        ("create", "POST", "/v1/schedule/api-caller", 1), ("change", "PATCH", "/v1/jobs/{id}", 2), ("pause", "POST", "/v1/jobs/{id}/pause", 2),
        ("resume", "POST", "/v1/jobs/{id}/resume", 2), ("run", "POST", "/v1/jobs/{id}/run", None),
        ("change", "POST", "/v1/schedule/api-caller", 3), ("delete", "DELETE", "/v1/jobs/{id}", 3)]
    assert set(said(entries, "by", "address", "outcome", "object")) == {("local", "127.0.0.1", "done", job)}
    assert [entry.get("request_id") for entry in entries] == [None, "deploy-17", *[None] * 5]
    assert entries[4]["scheduled_time_ms"] == int(run["execution_id"].split(":")[2])
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)


def test_what_changes_nothing_has_no_entry(stack):
    job = stack.schedule(NEVER_SOON, JOB["api"], "ATLEAST_ONCE", name="audited twice", description="one")
    before = said(trail(stack, object=job), "action")
    assert stack.post({**JOB, "name": "audited twice", "description": "one"}).status == 201
    assert stack.patch(job, {"description": "one"}).status == 200
    assert stack.patch(job, {"description": "two"}, "?dry_run=true").status == 200
    assert stack.patch(job, {"description": "two"}, if_match='"7"').status == 412
    assert stack.patch(job, {"nonsense": 1}).status == 400
    assert stack.resume(job).status == 200
    assert stack.delete(job, if_match='"7"').status == 412
    assert said(trail(stack, object=job), "action") == before == [("create",)]
    stack.pause(job)
    stack.pause(job)
    stack.delete(job)
    assert stack.delete(job).status == 404
    assert said(trail(stack, object=job), "action") == [("create",), ("pause",), ("delete",)]


def test_answer_that_is_repeated_for_its_key_has_no_entry(stack):
    again = [stack.post({**JOB, "description": "repeated"}, idempotency_key="audit-1").json["job_id"] for _ in range(3)]
    assert said(trail(stack, object=again[0]), "action") == [("create",)]


def test_backup_does_not_decide_who_did_it(stack):
    """state_by and state_note are what the file claims."""
    line = {**JOB, "description": "restored", "state": "PAUSED", "state_reason": "user", "state_note": "by root", "state_by": "root@ops"}
    job = stack.batch([line]).lines[0]["job_id"]
    assert stack.job(job).json["state_by"] == "root@ops"
    assert said(trail(stack, object=job), "action", "by", "address", "route") == [("create", "local", "127.0.0.1", "/v1/jobs:batch")]


def test_each_line_of_a_batch_that_stores_a_job_has_its_entry(stack):
    lines = [{**JOB, "description": f"line {n}"} for n in range(150)] + [{"nonsense": 1}]
    jobs = [line.get("job_id") for line in stack.batch([*lines, lines[0]], x_request_id="restore-1").lines]
    entries = [entry for entry in trail(stack) if entry.get("request_id") == "restore-1"]
    assert sorted(entry["object"] for entry in entries) == sorted(jobs[:150])


def test_dead_letters_have_an_entry_for_each_job(stack):
    one, other = (stack.schedule(NEVER_SOON, JOB["api"], "ATLEAST_ONCE", description=f"dead {n}") for n in range(2))
    first = int(time.time()) * 1000 + 1000  # no earlier than the jobs
    with stack.redis() as db:
        plant_dead(db, [(one, first + n) for n in range(5)] + [(other, first + n) for n in range(3)])
        assert stack.request("DELETE", f"/v1/dead/dead:{one[5:]}:{first}").status == 204
        assert stack.request("DELETE", f"/v1/dead/dead:{one[5:]}:{first}").status == 404
        stack.pause(other)
        assert stack.request("POST", f"/v1/dead/dead:{other[5:]}:{first}/redrive").status == 409
        assert stack.request("DELETE", f"/v1/dead?job_id={one}").json["deleted"] == 4
        stack.resume(other)
        assert stack.request("POST", f"/v1/dead:redrive?job_id={other}&rate=1").json["redriven"] == 3
        assert stack.request("POST", f"/v1/dead:redrive?job_id={other}").json["redriven"] == 0
    assert said(trail(stack, object=one), "action", "scheduled_time_ms", "count")[1:] == [("drop", first, None), ("drop", None, 4)]
    assert said(trail(stack, object=other), "action", "scheduled_time_ms", "count")[3:] == [("redrive", None, 3)]


def test_request_id_is_no_way_into_the_trail(stack):
    """It is a text of the client's: a token of its own, cut, and without what would end it."""
    job = stack.schedule(NEVER_SOON, JOB["api"], description="odd id")
    stack.patch(job, {"description": "odd"}, x_request_id="x w:root i:10.0.0.1 a:delete" + "y" * 100)
    entry = trail(stack, object=job)[-1]
    assert (entry["action"], entry["by"], entry["address"]) == ("change", "local", "127.0.0.1")
    assert entry["request_id"] == "x_w:root_i:10.0.0.1_a:delete" + "y" * 36


def test_cgi_program_writes_entries_as_well(home, redis):
    client = CgiClient(home, redis)
    job = client.schedule(NEVER_SOON, JOB["api"])
    assert said(trail(client), "action", "object") == [("create", job)]


def test_job_is_deleted_and_noted_when_the_memory_of_redis_is_full(redis, handler):
    job = handler.schedule(NEVER_SOON, JOB["api"])
    with redis.client() as db:
        db.config_set("maxmemory", 1)
        assert handler.post(JOB).status == 500
        assert handler.delete(job).status == 204
        assert said(trail(handler), "action", "object") == [("create", job), ("delete", job)]


def test_each_change_is_logged_in_one_line(handler):
    job = handler.schedule(NEVER_SOON, JOB["api"])
    handler.patch(job, {"description": "new"}, x_request_id="deploy-17")
    handler.pause(job)
    handler.pause(job)
    handler.resume(job)
    handler.run(job)
    handler.delete(job)
    lines = audit_lines(handler, 6)
    assert said(lines, "action", "job_id", "by", "method") == [
        ("create", job, "local", "POST"), ("change", job, "local", "PATCH"), ("pause", job, "local", "POST"), ("resume", job, "local", "POST"),
        ("run", job, "local", "POST"), ("delete", job, "local", "DELETE")]
    assert lines[1]["request_id"] == "deploy-17" and lines[1]["level"] == "info"


def test_line_that_waits_while_a_child_starts_is_written_once(handler):
    """A batch has a child process, which must not write what its parent has not written yet."""
    for n in range(20):
        job = handler.schedule(NEVER_SOON, f"{JOB['api']}/before/{n}")
        assert handler.batch([{**JOB, "api": f"{JOB['api']}/batch/{n}"}]).status == 200
        lines = audit_lines(handler, 2 * n + 2)
        assert [line["job_id"] for line in lines].count(job) == 1 and len(lines) == 2 * n + 2


# --- reading ------------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(handler):
    """A handler with a trail of 150 entries: 50 jobs, each changed, and deleted."""
    jobs = [handler.schedule(NEVER_SOON, JOB["api"], description=f"{n}") for n in range(50)]
    for job in jobs:
        handler.patch(job, {"timeout_ms": 5000})
    for job in jobs:
        handler.delete(job)
    handler.order = [("create", job) for job in jobs] + [("change", job) for job in jobs] + [("delete", job) for job in jobs]
    return handler


@pytest.mark.parametrize("limit", [1, 7, 50, 200])
def test_pages_have_each_entry_once_in_the_order_of_the_changes(kept, limit):
    assert said(trail(kept, limit=limit), "action", "object") == kept.order


def test_pages_go_on_where_they_ended_whatever_is_done_in_between(kept):
    first = page(kept, limit=60)
    kept.schedule(NEVER_SOON, JOB["api"])
    rest = page(kept, limit=200, cursor=first["next_cursor"])
    assert rest["next_cursor"] is None
    assert said((first["entries"] + rest["entries"])[::-1], "action", "object") == kept.order


def test_filters(kept):
    job = kept.order[0][1]
    assert said(trail(kept, object=job), "action") == [("create",), ("change",), ("delete",)]
    assert said(trail(kept, object=job, limit=1), "action") == [("create",), ("change",), ("delete",)]
    assert len(trail(kept, by="local")) == 150 and trail(kept, by="root") == trail(kept, object="key:1") == []
    times = [entry["at"] for entry in trail(kept)]
    assert len(trail(kept, since=times[70])) == len([at for at in times if at >= times[70]])
    assert len(trail(kept, until=times[70])) == len([at for at in times if at < times[70]])
    assert trail(kept, since=times[3], until=times[3]) == []


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "since=today", "until=1", "by=", "object=", "by=" + "x" * 257, "cursor=", "cursor=f1", "cursor=h1.1",
                                   "cursor=a1.18-0", "cursor=ax", "job_id=1", "limit=1&limit=2"])
def test_what_is_no_query_is_refused(handler, query):
    answer = handler.get(f"/v1/audit?{query}")
    assert (answer.status, answer.code) == (400, "INVALID_REQUEST")
    assert answer.error["field"] == query.partition("=")[0]


def test_entry_that_cannot_be_read_is_left_out(redis, kept):
    with redis.client() as db:
        for stream in STREAMS[:3]:
            for fields in ({"j": "short", "r": "a:create"}, {"x": "y"}, {"j": b"x" * 32, "r": "v:x a:create"}):
                db.xadd(stream, fields)
    assert said(trail(kept), "action", "object") == kept.order


def test_trail_is_bounded(redis, make_handler):
    handler = make_handler(AUDIT_MAX=1600)
    job = handler.schedule(NEVER_SOON, JOB["api"])
    for n in range(1500):
        assert handler.run(job).status == 202
    with redis.client() as db:
        assert 100 <= db.xlen(key_of(job, "audit")) <= 1200  # it is trimmed now and then, by whole nodes of the stream
    assert said(page(handler, limit=1)["entries"], "action") == [("run",)]


def test_redis_that_is_away_is_a_500(redis, handler):
    assert page(handler)["entries"] == []
    redis.kill()
    assert handler.get("/v1/audit").status == 500


# --- under kill -9 of handlers ------------------------------------------------------------------------------------


def handlers_of(pool):
    with open(f"/proc/{pool.pid}/task/{pool.pid}/children", encoding="ascii") as children:
        return [int(pid) for pid in children.read().split() if is_alive(int(pid))]


class Changer(threading.Thread):
    """A client that changes jobs of its own, one request after the other, and notes what was answered."""

    def __init__(self, pool, name, enough):
        super().__init__(name=name, daemon=True)
        self.pool, self.enough, self.random = pool, enough, random.Random(name)
        self.jobs, self.acknowledged, self.lost, self.strange = [], [], [], []
        self.numbers = itertools.count()

    def ask(self, method, uri, body=None, expected=200):
        """The answer; None if it was lost. A change has a name, which stands in the trail."""
        name = f"{self.name}-{next(self.numbers)}"
        try:
            answer = self.pool.request(method, uri, body, {"x_request_id": name, "content_type": "application/json"})
        except (AssertionError, OSError):
            self.lost.append(name)
            return None
        if answer.status == expected:
            self.acknowledged.append(name)
        elif answer.status not in (404, 409):  # it was done before, by a request whose answer was lost
            self.strange.append(answer)
        return answer

    def create(self):
        definition = {**JOB, "name": f"{self.name}/{next(self.numbers)}"}
        for _ in range(50):
            answer = self.ask("POST", "/v1/schedule/api-caller", json.dumps(definition), 201)
            if answer is not None and answer.status == 201:
                self.jobs.append(answer.json["job_id"])
                return

    def step(self):
        if len(self.jobs) < 6:
            return self.create()
        job, way = self.random.choice(self.jobs), self.random.random()
        if way < 0.6:
            return self.ask("PATCH", f"/v1/jobs/{job}", json.dumps({"description": f"{next(self.numbers)}"}))
        if way < 0.7:
            return self.ask("POST", f"/v1/jobs/{job}/pause", "")
        if way < 0.8:
            return self.ask("POST", f"/v1/jobs/{job}/resume", "")
        if way < 0.9:
            return self.ask("POST", f"/v1/jobs/{job}/run", "", 202)
        self.jobs.remove(job)
        return self.ask("DELETE", f"/v1/jobs/{job}", None, 204)

    def run(self):
        while not self.enough():
            self.step()


@pytest.fixture
def changed(redis, make_handler):
    """1,000 changes and more by five clients, while the handlers are killed one after the other."""
    pool, killed = make_handler("--pool", FCGI_PROCESSES=8), []
    wait_for(lambda: len(handlers_of(pool)) == 8)
    with redis.client() as db:
        clients = [Changer(pool, f"client{n}", lambda: len(killed) >= 20 and sum(map(db.xlen, STREAMS)) >= 1000) for n in range(5)]
        for client in clients:
            client.start()
        while any(client.is_alive() for client in clients):
            for victim in handlers_of(pool)[:1]:  # the oldest: one that lived for a second is replaced at once
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)
            time.sleep(0.15)
        for client in clients:
            client.join()
        assert not any(client.strange for client in clients), [client.strange for client in clients]
        wait_for(lambda: handlers_of(pool))
        yield pool, db, clients


def test_trail_has_what_happened_and_nothing_else_while_handlers_are_killed(changed):
    """What happened is what the jobs show: a change of the definition is a version, a pause or resume an epoch, a manual run an entry of
    retry. A change whose answer was lost either happened, with its entry, or did neither."""
    pool, db, clients = changed
    entries = trail(pool, limit=200)
    assert len(entries) >= 1000
    assert len(entries) == sum(map(db.xlen, STREAMS))
    check_order(clients, entries)
    by_job = collections.defaultdict(list)
    for entry in entries:
        by_job[entry["object"]].append(entry)
    stored = {"capi:" + key[-32:].hex() for key in db.scan_iter("dronc:*:job:*", count=1000)}
    assert stored <= set(by_job)
    for job, of_job in by_job.items():
        check_job(db, job, of_job, job in stored)


def check_order(clients, entries):
    """Each request has one entry at most, each that was acknowledged and changed something has one, in the order of the requests."""
    names = [entry["request_id"] for entry in entries]
    assert len(set(names)) == len(names)
    assert set(names) <= {name for client in clients for name in client.acknowledged + client.lost}
    for client in clients:
        place = {name: n for n, name in enumerate(client.acknowledged)}
        found = [place[name] for name in names if name in place]
        assert found == sorted(found)
    lost = {name for client in clients for name in client.lost}
    print(f"{len(entries)} entries; {len(lost)} answers were lost, of which {len(lost & set(names))} had changed something")


def check_job(db, job, entries, is_stored):
    actions = [entry["action"] for entry in entries]
    count = collections.Counter(actions)
    assert actions[0] == "create" and count["create"] == 1
    assert ("delete" in actions) == (not is_stored) and "delete" not in actions[:-1]
    assert [entry["version"] for entry in entries if entry["action"] == "change"] == list(range(2, 2 + count["change"]))
    turns = [action for action in actions if action in ("pause", "resume")]
    assert turns == ["pause", "resume"] * (len(turns) // 2) + ["pause"] * (len(turns) % 2)
    runs = {entry["scheduled_time_ms"] for entry in entries if entry["action"] == "run"}
    assert len(runs) == count["run"]
    made = {int(member[32:].split(b":")[0]) for member in db.zrange(key_of(job, "retry"), 0, -1) if member[:32] == id_bytes(job)}
    assert made == runs
    if is_stored:
        fields = db.hgetall(job_key(job))
        assert int(fields.get(b"version", 1)) == 1 + count["change"]
        assert int(fields.get(b"epoch", 0)) == len(turns)
        assert (fields.get(b"state") == b"PAUSED") == (len(turns) % 2 == 1)
