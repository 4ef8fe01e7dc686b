"""The store's scripts one by one: what they leave where they fail, and single cases that the model (test_scripts_model.py) hardly ever meets."""
import pytest
import redis as redis_client

from contract import VERDICTS
from scripts import key

A, B, C = (b"c" + b"%d" % n * 31 for n in (1, 2, 3))
PLAIN = {"schedule": "* * * * * *", "api": "http://h/", "type": "ATLEAST_ONCE"}
WATCHED = {**PLAIN, "overlap": "cancel", "on_failure_url": "http://n/", "pause_after_failures": "1"}
DONE = VERDICTS["DONE"]
ONCE = {**PLAIN, "type": "ATMOST_ONCE"}


@pytest.fixture
def scripts(stepped):
    stepped.db.flushall()
    stepped.now = 1_900_000_000_000
    return stepped.scripts


def attempts(texts):
    """(member, ticket) of each claim."""
    return [tuple(text.split(b" ")[:2]) for text in texts]


# --- a script that fails changes nothing --------------------------------------------------------------------------


class Shard:
    """One in which there is something of everything, and each script on it."""

    def __init__(self, scripts, started):
        self.scripts, self.redis = scripts, scripts.redis
        self.due = self.redis.now + 1000
        scripts.create(A, self.due, self.redis.now, WATCHED)
        scripts.delete(A)
        self.redis.now += 10
        scripts.create(A, self.due, self.redis.now, WATCHED)
        scripts.create(B, self.due, self.redis.now, PLAIN)
        for job in (A, B):
            scripts.run(job, "q", 0)
        self.redis.now = self.due - 100
        self.claims = attempts(scripts.claim(b"r1", self.due))
        self.redis.db.zadd(key("dead"), {B + b"1899999999000": 1})
        if started:
            self.redis.now = self.due - 20
            scripts.start(b"r1", self.of(B, self.due + 1000))
            scripts.start_stateful(b"r1", self.of(A, self.due + 1000))

    def of(self, job, *more):
        return [(*claim, *more) for claim in self.claims if claim[0][:32] == job]

    def ended(self, job, outcome, after):
        return [(member, ticket, f"o:{outcome} s:{member[32:].decode()} a:1 x:0 t:1 h:200 l:0", after, self.due + 500, self.due + 1000)
                for member, ticket in self.of(job)]

    def skipped(self):
        return [(member, ticket, f"o:m s:{member[32:].decode()} x:0 t:0 h:0 l:0", self.due + 1000) for member, ticket in self.of(B)]

    ACTS = {
        "job_create": lambda s: s.scripts.create(C, s.due + 1000, s.redis.now, PLAIN),
        "job_change": lambda s: s.scripts.change(A, s.scripts.read(A), s.due + 1000, WATCHED),
        "job_pause": lambda s: s.scripts.pause(A),
        "job_delete": lambda s: s.scripts.delete(A),
        "job_run": lambda s: s.scripts.run(A, "another", 0),
        "claim": lambda s: s.scripts.claim(b"r2", s.due + 5000),
        "start": lambda s: s.scripts.start(b"r1", s.of(B, s.due + 1000)),
        "start_stateful": lambda s: s.scripts.start_stateful(b"r1", s.of(A, s.due + 1000)),
        "finish": lambda s: s.scripts.finish(b"r1", s.ended(B, "f", "r")),
        "finish, dead": lambda s: s.scripts.finish(b"r1", s.ended(B, "f", "d")),
        "finish_stateful": lambda s: s.scripts.finish(b"r1", s.ended(A, "f", "n"), "finish_stateful"),
        "release": lambda s: s.scripts.release(b"r1", s.of(A, s.due + 500) + s.of(B, s.due + 500)),
        "skip": lambda s: s.scripts.skip(b"r1", s.skipped()),
        "recover": lambda s: s.scripts.recover(b"r1"),
        "dead_drop": lambda s: s.scripts.drop([B + b"1899999999000"]),
        "dead_redrive": lambda s: s.scripts.redrive([B + b"1899999999000"]),
    }

    def contents(self):
        """Of all keys."""
        db, readers = self.redis.db, {b"string": "get", b"hash": "hgetall", b"set": "smembers", b"stream": "xrange"}
        found = {}
        for name in db.keys():
            kind = db.type(name)
            found[name] = (db.lrange(name, 0, -1) if kind == b"list" else db.zrange(name, 0, -1, withscores=True) if kind == b"zset"
                           else getattr(db, readers[kind])(name))
        return found

    def act_and_compare(self, act):
        """Returns False if the script failed, and has changed nothing."""
        before = self.contents()
        try:
            self.ACTS[act](self)
        except redis_client.ResponseError:
            assert self.contents() == before
            return False
        return True


BOTH = pytest.mark.parametrize("started", [False, True])
EACH = pytest.mark.parametrize("act", list(Shard.ACTS))


@BOTH
@EACH
def test_script_that_a_full_redis_refuses_changes_nothing(scripts, act, started):
    shard = Shard(scripts, started)
    scripts.db.config_set("maxmemory", 1)
    try:
        done = shard.act_and_compare(act)
    finally:
        scripts.db.config_set("maxmemory", 0)
    assert done or shard.act_and_compare(act)


OURS = [key(name) for name in ("due", "retry", "holders", "token", "executions", "gone", "dead", "broken", "jobs", "audit")]
OURS += [key("dead", b"records"), key("claimed", b"r9"), key("history", A), key("history", B), key("job", A), key("job", B)]


@BOTH
@EACH
def test_script_that_meets_garbage_does_its_work_or_changes_nothing(scripts, act, started):
    for name in OURS:
        scripts.db.flushall()
        scripts.redis.now = 1_900_000_000_000
        shard = Shard(scripts, started)
        scripts.db.sadd(key("holders"), b"r9")
        is_text = scripts.db.type(name) == b"string"
        scripts.db.delete(name)
        scripts.db.rpush(name, "x") if is_text else scripts.db.set(name, "x")
        shard.act_and_compare(act)


# --- names --------------------------------------------------------------------------------------------------------


def test_run_by_hand_does_not_get_the_name_of_what_is_claimed_and_starts_late(scripts, stepped):
    """In its very millisecond, of a job that has no instant behind it: nothing tells the handler where the job's own instants are. (Full
    seconds no manual run is named after.)"""
    due = stepped.now // 1000 * 1000 + 1500
    scripts.create(A, due, stepped.now, ONCE)
    stepped.now = due - 100
    claimed = attempts(scripts.claim(b"r1", due))
    stepped.now = due
    by_hand = scripts.run(A, "q", -1)
    assert by_hand == due + 1
    assert scripts.start(b"r1", [(*claimed[0], "")]) == [DONE]


# --- created again ------------------------------------------------------------------------------------------------


def test_job_that_was_made_ahead_and_never_called_is_made_again_as_of_now(scripts, stepped):
    """Redis' clock was an hour ahead by mistake when the job was made. Nothing of that hour has been taken."""
    stepped.now += 3_600_000
    scripts.create(A, stepped.now + 1000, stepped.now, ONCE)
    stepped.now -= 3_600_000
    scripts.delete(A)
    assert scripts.create(A, stepped.now + 1000, stepped.now, ONCE) == 1


def test_job_with_a_damaged_stamp_is_called_and_changed(scripts, stepped):
    due = stepped.now + 1000
    scripts.create(A, due, stepped.now, PLAIN)
    stepped.db.hset(key("job", A), "born", "rubbish")
    stepped.now = due - 100
    claim = attempts(scripts.claim(b"r1", due))[0]
    assert scripts.start(b"r1", [(*claim, due + 1000)]) == [DONE]
    record = f"o:f s:{due} a:1 x:0 t:1 h:500 l:0"
    assert scripts.finish(b"r1", [(*claim, record, "r", due + 500, due + 1000)]) == [DONE]
    assert stepped.db.zcard(key("retry")) == 1
    created = stepped.db.hget(key("job", A), "created")
    assert scripts.change(A, created + b" 1 0 0", due + 2000) == 1  # as handlers read it: what is no number is 0
