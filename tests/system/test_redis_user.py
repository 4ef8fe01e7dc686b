"""redis/users.acl.example: the Redis user with which Dronc works, and no other could do with less. The whole stack runs as that user, and
Redis has nothing to complain of (ACL LOG)."""
import re
import subprocess

import pytest

import contract
from harness import DIST, NEVER_SOON, ROOT, Runner, environment, make_key, wait_for
from pages import commands
from target import status

EXAMPLE = ROOT / "redis" / "users.acl.example"
ADMIN, DRONC = "the-administrators", "droncs-own"
PROGRAMS = [path for room in ("lib", "fcgi", "runner", "admin") for path in sorted((ROOT / room).rglob("*.c"))]
SCRIPTS = sorted((contract.STORE / "lua").rglob("*.lua"))
FREE = {"auth"}  # every connection may log in
BY_HAND = {"ping"}  # for the health check of whoever runs Redis
NEVER = {"config"}  # only asked by the default user: store_durability


def rules_of(user):
    line, = re.findall(rf"^user {user} (.*)$", EXAMPLE.read_text(), re.M)
    return line.split()


def granted():
    return {rule[1:] for rule in rules_of("dronc") if rule.startswith("+")}


def commands_of_the_scripts():
    """The first argument of each call; only part write, whose functions pass theirs on, has another."""
    found = set()
    for path in SCRIPTS:
        text = re.sub(r"--.*", "", path.read_text())
        calls = re.findall(r"\b(?:redis\.p?call|try|write)\(\s*([^,)\s]+)", text)
        variable = [name for name in calls if not re.fullmatch(r"'[A-Z]+'", name)]
        assert not variable or path.name == "write.lua", f"{path}: {variable}"
        found |= {name.strip("'").lower() for name in calls if name not in variable}
    return found


def commands_of_the_programs():
    text = "".join(path.read_text() for path in PROGRAMS)
    found = {name.lower() for name in re.findall(r'\bcmd_init\([^,()]+, "([A-Z]+)"\)', text)}
    assert len(found) > 10
    found |= {name.lower() for name in re.findall(r'redisAsyncCommand\([^"]*"([A-Z]+) ', text)}
    return (found - {"script"}) | {"script|load", "evalsha", "eval"}


# --- the file ---------------------------------------------------------------------------------------------------------


def test_user_has_the_commands_that_the_scripts_and_the_programs_send_and_no_other():
    assert granted() == (commands_of_the_scripts() | commands_of_the_programs() | BY_HAND) - FREE - NEVER
    assert [rule for rule in rules_of("dronc") if rule.startswith("+")] == sorted(f"+{name}" for name in granted())


def test_user_has_the_keys_and_the_channel_of_the_contract_alone():
    assert [rule for rule in rules_of("dronc") if rule[0] not in "+#"] == ["on", "resetkeys", "~dronc:*", "resetchannels", "&dronc:wake", "-@all"]
    assert all(spelling.startswith("dronc:") for spelling, scope in contract.KEYS.values() if scope in ("GLOBAL", "OWN"))


def test_redis_does_not_start_with_the_example_as_it_is(home):
    """A password that everyone knows is none."""
    done = subprocess.run(["redis-server", "--port", "0", "--unixsocket", home / "redis.sock", "--aclfile", EXAMPLE], cwd=home,
                          capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 1 and "Aborting Redis startup because of ACL errors" in done.stdout


# --- the stack, as that user ------------------------------------------------------------------------------------------


@pytest.fixture
def redis(home, make_redis):
    """A Redis with the users of the example, set up as docs/redis.md says; its client() is the administrator."""
    block, = commands("docs/redis.md", "Who may do what in Redis")
    text = block.text.replace("/usr/local/share/dronc", str(EXAMPLE.parent)).replace("/etc/redis", str(home))
    subprocess.run(["sh", "-euc", text], env=environment(admin=ADMIN, dronc=DRONC), check=True)
    _, users = (home / "redis.conf").read_text().split()
    return make_redis("--aclfile", users, password=ADMIN, folder="with-users")


@pytest.fixture
def login(home, redis):
    """How the programs log in."""
    file = home / "redis-password"
    file.write_text(DRONC + "\n")
    return {"REDIS_SOCKET": redis.socket, "REDIS_USERNAME": "dronc", "REDIS_PASSWORD_FILE": file, "REDIS_PASSWORD": None}


def refusals(redis):
    with redis.client() as db:
        return db.execute_command("ACL", "LOG")


def test_whole_stack_works_as_that_user_and_redis_refuses_nothing(home, redis, login, make_stack, own_target):
    """Two runners, one killed; every kind of job, and every route that asks Redis."""
    login["TARGETS"] = "local"  # with a key, loopback has to be opened
    stack = make_stack(**login).start()
    stack.token = make_key(login, "--scopes", "*", "--rate", "1000")
    victim = Runner(home, redis, name="victim", **login).wait_until_ready()
    hook, failing = own_target.hook(), own_target.hook()
    failing.answers(status(500))
    every = stack.schedule("* * * * * *", hook.url, "ATLEAST_ONCE")
    stateful = stack.schedule("* * * * * *", failing.url, "ATLEAST_ONCE", overlap="queue", on_failure_url=hook.url,
                              retry={"max_attempts": 2, "min_backoff_ms": 100, "max_backoff_ms": 100})
    limited = stack.schedule("* * * * * *", hook.url, "ATMOST_ONCE", max_runs=2, overlap="cancel")
    stack.wait_for_executions(every, 3)
    victim.kill()
    stack.wait_for_executions(limited, 2)
    wait_for(lambda: "a runner has died" in stack.all_logs(), 30, "recovery")
    wait_for(lambda: stack.get("/v1/dead").json["dead"], 20, "a dead letter")
    for answer in (stack.patch(every, {"description": "changed"}), stack.pause(every), stack.resume(every), stack.run(every),
                   stack.get("/v1/track/executions"), stack.get(f"/v1/jobs/{every}/why?at=2026-01-01T00:00:00Z"), stack.get("/v1/jobs"),
                   stack.job(every), stack.get("/v1/jobs:export"), stack.batch([{"schedule": NEVER_SOON, "api": hook.url, "type": "ATMOST_ONCE"}]),
                   stack.post({"schedule": NEVER_SOON, "api": hook.url, "type": "ATMOST_ONCE"}, idempotency_key="k"),
                   stack.request("POST", "/v1/dead:redrive", "", {}), stack.get("/health/deep"), stack.delete(stateful),
                   stack.get("/v1/keys"), stack.request("POST", "/v1/keys", '{"name": "n", "scopes": ["jobs:read"]}', {"content_type": "application/json"})):
        assert answer.status < 300, answer
    stack.program.signal(1)  # SIGHUP: the time zones are looked at anew
    wait_for(lambda: "time zones read again" in stack.all_logs(), what="a look at the time zones")
    subprocess.run([DIST / "dronc-runner", "--check"], env=environment(**login), check=True, capture_output=True)
    stack.wait_for_executions(every, 5)
    assert stack.get("/health/deep").json["status"] == "healthy"
    assert stack.stop() == 0
    assert refusals(redis) == []


@pytest.mark.parametrize("program", ["dronc-fcgi", "dronc-runner"])
def test_check_says_what_that_user_cannot_find_out(redis, login, program):
    done = subprocess.run([DIST / program, "--check"], env=environment(**login), capture_output=True, text=True, check=True)
    assert "good; what it keeps: appendonly yes, appendfsync not known to this user, maxmemory-policy noeviction" in done.stdout
    assert refusals(redis) == []


# --- what it may not do -----------------------------------------------------------------------------------------------


REFUSED = [("CONFIG", "GET", "*"), ("CONFIG", "SET", "dir", "/"), ("KEYS", "*"), ("SCAN", "0"), ("FLUSHALL",), ("FLUSHDB",), ("MODULE", "LIST"),
           ("REPLICAOF", "NO", "ONE"), ("SAVE",), ("BGREWRITEAOF",), ("SHUTDOWN",), ("FUNCTION", "LIST"), ("ACL", "LIST"), ("CLIENT", "LIST"),
           ("MONITOR",), ("SCRIPT", "FLUSH"), ("GET", "other"), ("SET", "other", "1"), ("DEL", "dronc"),
           ("PUBLISH", "other", ""), ("SUBSCRIBE", "other"), ("SUBSCRIBE", "dronc:wake2"), ("RENAME", "dronc:a", "dronc:b")]


def redis_cli(redis, *words, **login):
    done = subprocess.run(["redis-cli", "-s", redis.socket, *words], capture_output=True, text=True, env=environment(**login), timeout=10, check=False)
    return done.stdout + done.stderr


def is_refused(text):
    return any(words in text for words in ("NOPERM", "ACL failure", "The user executing the script can't"))


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_all_else_is_refused(redis, words):
    assert is_refused(redis_cli(redis, "--user", "dronc", *words, REDISCLI_AUTH=DRONC))


@pytest.mark.parametrize("words", [words for words in REFUSED if words[0] not in ("SUBSCRIBE", "MONITOR", "SHUTDOWN")], ids=" ".join)
def test_all_else_is_refused_in_a_script_too(redis, words):
    """Those that are left out no script may send, whoever its user is."""
    script = ("EVAL", "return redis.call(unpack(ARGV))", "0", *words)
    text = redis_cli(redis, "--user", "dronc", *script, REDISCLI_AUTH=DRONC)
    assert is_refused(text) or "not allowed from script" in text


def test_the_same_script_may_do_what_dronc_does(redis):
    script = ("EVAL", "return redis.call(unpack(ARGV))", "0", "GET", "dronc:shards")
    assert not is_refused(redis_cli(redis, "--user", "dronc", *script, REDISCLI_AUTH=DRONC))


def test_default_user_may_nothing_without_a_password(redis):
    assert "NOAUTH" in redis_cli(redis, "get", "dronc:shards")


# --- REDIS_PASSWORD_FILE ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content, why", [(None, "No such file or directory"), (b"", "holds no password"), (b"\n", "holds no password"),
                                          (b"a\nb\n", "holds a control character"), (b"a\0b", "holds a control character"),
                                          (b"x" * 512, "holds more than a password may have")])
def test_password_file_that_is_none_is_refused(home, content, why):
    file = home / "password"
    if content is not None:
        file.write_bytes(content)
    for program in ("dronc-fcgi", "dronc-runner"):
        done = subprocess.run([DIST / program, "--check-config"], env=environment(REDIS_PASSWORD_FILE=file), capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (2, f"REDIS_PASSWORD_FILE: {file}: {why}\n")


def test_password_and_its_file_are_not_both_set(home):
    (home / "password").write_text("one\n")
    settings = environment(REDIS_PASSWORD_FILE=home / "password", REDIS_PASSWORD="another")
    done = subprocess.run([DIST / "dronc-runner", "--check-config"], env=settings, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, f"REDIS_PASSWORD_FILE: {home / 'password'}: REDIS_PASSWORD is set as well\n")


@pytest.mark.parametrize("content", [b"secret", b"secret\n", b"secret\r\n", b"x" * 511])
def test_password_of_a_file_is_not_printed(home, content):
    (home / "password").write_bytes(content)
    done = subprocess.run([DIST / "dronc-runner", "--print-config"], env=environment(REDIS_PASSWORD_FILE=home / "password"), capture_output=True,
                          text=True, check=True)
    assert "secret" not in done.stdout and f"REDIS_PASSWORD_FILE={home / 'password'}" in done.stdout
