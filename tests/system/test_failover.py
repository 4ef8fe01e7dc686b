"""Redis answers, but not as the one that is meant: the name means another server by now, or the login, the rights or the role
are other ones. Nobody stays with a connection that is of no use; and a node of a cluster is refused by name."""
import os
import subprocess
import time

import pytest

from harness import DIST, NEVER_SOON, environment, free_port, wait_for

JOB = {"schedule": NEVER_SOON, "api": "http://127.0.0.1:9/", "type": "ATMOST_ONCE"}


class Name:
    """A name for Redis, which means one server now and another one later: the path of a socket. (Connections stay.)"""

    password = None

    def __init__(self, home, redis):
        self.socket = home / "redis-by-name.sock"
        self.means(redis)

    def means(self, redis):
        new = self.socket.with_suffix(".new")
        new.symlink_to(redis.socket)
        os.replace(new, self.socket)

    def settings(self, **more):
        return {"REDIS_SOCKET": self.socket, **more}


def catch_up(replica, master):
    """Wait until the replica has what the master has now, and both know it. (A master calls a replica online before that has loaded
    anything; and a replica is up before the master has heard of it.)"""
    with replica.client() as db, master.client() as its_master:
        offset = its_master.info("replication")["master_repl_offset"]
        wait_for(lambda: (state := db.info("replication"))["master_link_status"] == "up" and state["slave_repl_offset"] >= offset
                 and its_master.info("replication").get("slave0", {}).get("state") == "online", what="a replica that is in step")


def replicate(replica, master):
    with replica.client() as db:
        db.replicaof("127.0.0.1", master.port)
    catch_up(replica, master)


@pytest.fixture
def pair(make_redis):
    """A master and its replica, both on TCP for each other."""
    one, other = (make_redis("--repl-diskless-sync-delay", "0", port=free_port(), folder=folder) for folder in ("one", "other"))
    replicate(other, one)
    return one, other


@pytest.fixture
def name(home, pair):
    return Name(home, pair[0])


@pytest.fixture
def redis(name):
    """What runners and handlers of these tests are pointed at."""
    return name


def fail_over(pair, name):
    """The replica becomes the master and gets the name; the old master stays, as a replica, with all its connections. No data is lost."""
    one, other = pair
    with one.client() as old, other.client() as new:
        old.execute_command("FAILOVER", "TO", "127.0.0.1", other.port, "TIMEOUT", 5000)
        wait_for(lambda: new.info("replication")["role"] == "master" and old.info("replication")["role"] == "slave")
    name.means(other)


def test_runner_follows_the_name_after_a_failover(pair, name, make_runner, handler, target):
    runners = [make_runner(), make_runner()]
    hooks = [target.hook() for _ in range(5)]
    for hook in hooks:
        handler.schedule("* * * * * *", hook.url, "ATLEAST_ONCE")
    for hook in hooks:
        hook.wait_for_calls(2)
    fail_over(pair, name)
    failed_over = time.time()
    for hook in hooks:
        wait_for(lambda: hook.calls[-1].scheduled > failed_over + 1, 10, "calls from the new master's jobs")
    with pair[1].client() as db:
        assert db.zcard("dronc:runners") == 2
    for runner in runners:
        assert runner.terminate() == 0
        said = [line["event"] for line in runner.log if line["level"] in ("warn", "error")]
        assert said == ["redis unreachable"], said
    for hook in hooks:
        keys = [call.key for call in hook.calls]
        assert len(set(keys)) == len(keys), "called twice"
        seconds = sorted(call.scheduled for call in hook.calls)
        assert seconds == list(range(int(seconds[0]), int(seconds[0]) + len(seconds))), "one is missing"


def test_handler_follows_the_name_after_a_failover(pair, name, handler):
    assert handler.post(JOB).status == 201
    fail_over(pair, name)
    statuses = [handler.post({**JOB, "api": f"http://127.0.0.1:9/{n}"}).status for n in range(3)]
    assert statuses == [500, 201, 201]


def test_runner_waits_for_a_replica_to_be_the_master_and_says_so_once(pair, name, make_runner, handler, hook):
    """No other server has the name: it goes on where it was, without a storm of connections meanwhile."""
    runner = make_runner()
    handler.schedule("* * * * * *", hook.url, "ATLEAST_ONCE")
    hook.wait_for_calls(1)
    one, other = pair
    with one.client() as db:
        before = db.info("stats")["total_connections_received"]
        began = time.monotonic()
        other.kill()
        db.replicaof("127.0.0.1", other.port)
        wait_for(lambda: runner.events("redis unreachable"))
        wait_for(lambda: time.monotonic() > began + 3)
        made = db.info("stats")["total_connections_received"] - before
        assert made < 30, made
        db.replicaof("NO", "ONE")
    since = time.time()
    wait_for(lambda: hook.calls[-1].scheduled > since, 10, "a call")
    unreachable, = runner.events("redis unreachable")
    assert "READONLY" in unreachable["error"]
    assert len(runner.events("redis is back")) == 1


class User:
    """A user of Redis' that may do everything, until something is changed."""

    def __init__(self, redis):
        self.redis = redis
        self.change("reset", "on", ">one", "+@all", "~*", "&*")

    def change(self, *rules):
        with self.redis.client() as db:
            db.execute_command("ACL", "SETUSER", "dronc", *rules)

    @property
    def settings(self):
        return {"REDIS_USERNAME": "dronc", "REDIS_PASSWORD": "one"}


@pytest.fixture
def user(pair):
    return User(pair[0])


def test_server_that_takes_the_rights_away_is_left_for_the_one_that_has_the_name(user, make_runner, handler, hook, pair, name):
    """Not at once (what can be done without the right goes on where it is), but when the connection is ten seconds old."""
    runner = make_runner(**user.settings)
    handler.schedule("* * * * * *", hook.url, "ATLEAST_ONCE")
    hook.wait_for_calls(1)
    User(pair[1])
    catch_up(pair[1], pair[0])
    with pair[1].client() as db:
        db.replicaof("NO", "ONE")
    name.means(pair[1])
    user.change("-evalsha")
    since = time.time()
    wait_for(lambda: hook.calls[-1].scheduled > since + 1, 20, "a call")
    assert not runner.events("a runner has died")


def test_user_that_was_deleted_and_made_again(user, make_runner, handler, hook):
    runner = make_runner(**user.settings)
    handler.schedule("* * * * * *", hook.url, "ATLEAST_ONCE")
    hook.wait_for_calls(1)
    with user.redis.client() as db:
        db.execute_command("ACL", "DELUSER", "dronc")
    unreachable, = wait_for(lambda: runner.events("redis unreachable"))
    wait_for(lambda: runner.events("lease run out"), 10)
    user.change("on", ">one", "+@all", "~*", "&*")
    since = time.time()
    wait_for(lambda: hook.calls[-1].scheduled > since, 20, "a call")


# --- a node of a cluster ----------------------------------------------------------------------------------------------


@pytest.fixture(params=["without slots", "with all slots"])
def node(request, make_redis):
    """A Redis that is one of a cluster: set up only just now, or such that it has all the slots there are."""
    port = free_port()
    redis = make_redis("--cluster-enabled", "yes", "--cluster-port", str(free_port()), port=port, folder="node")
    if request.param == "with all slots":
        with redis.client() as db:
            db.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            wait_for(lambda: b"cluster_state:ok" in db.execute_command("CLUSTER", "INFO"))
    return redis


def run(home, program, *args, stdin=subprocess.DEVNULL, **settings):
    return subprocess.run([DIST / program, *args], env=environment(**settings), stdin=stdin, cwd=home, capture_output=True,
                          text=True, timeout=20, check=False)


@pytest.mark.parametrize("args", [[], ["--check"]])
@pytest.mark.parametrize("db", ["0", "3"])
def test_runner_refuses_a_node_of_a_cluster_by_name(home, node, args, db):
    done = run(home, "dronc-runner", *args, **node.settings(REDIS_DB=db))
    assert done.returncode == 2, done
    assert done.stderr.count("\n") == 1 and "cluster" in done.stderr, done.stderr
