"""How both programs start: options, settings, --check, --print-config, and the exit status of each."""
import re
import subprocess

import pytest

from harness import DIST, SCALE, VERSION, environment, free_port, wait_for

PROGRAMS = ["dronc-fcgi", "dronc-runner"]
LOSSY = ["--appendonly", "no", "--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru"]
KEEPS = "appendonly yes, appendfsync always, maxmemory-policy noeviction"


@pytest.fixture(params=PROGRAMS)
def run(request, home):
    """Runs one of the programs, as a shell would."""
    def run(*args, **settings):
        return subprocess.run([DIST / request.param, *args], capture_output=True, text=True, cwd=home, env=environment(**settings),
                              stdin=subprocess.DEVNULL, timeout=10 * SCALE, check=False)
    run.program = request.param
    return run


# --- options ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_option_and_the_exit_status(run, option):
    done = run(option)
    assert (done.returncode, done.stderr) == (0, "")
    words = {"dronc-fcgi": ["--pool", "SIGTERM", "CGI"], "dronc-runner": ["TERM", "USR1", "HUP", "NOTIFY_SOCKET"]}[run.program]
    for word in (*words, "--check", "--check-config", "--print-config", "--version", "Exit status: 0", "REDIS_PASSWORD"):
        assert word in done.stdout


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(run, option):
    assert run(option).stdout == f"{run.program} {VERSION}\n"


@pytest.mark.parametrize("args", [["--nonsense"], ["run"], ["--check", "--help"], [""], ["--pool", "--check"]])
def test_invalid_command_line_is_refused_in_one_line(run, args):
    done = run(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{run.program}: unknown option; see {run.program} --help\n"


@pytest.mark.parametrize("option", ["--help", "--version", "--check-config", "--print-config"])
def test_output_that_cannot_be_written_is_a_failure(run, option):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([DIST / run.program, option], stdout=full, env=environment(), timeout=10 * SCALE, check=False)
    assert done.returncode == (0 if option == "--check-config" else 1)


@pytest.mark.parametrize("option", ["--print-config", "--check", "--help", "--nonsense", "--pool"])
def test_client_of_a_cgi_program_cannot_choose_an_option(home, redis, option):
    """A web server may pass the query string as arguments."""
    done = subprocess.run([DIST / "dronc-fcgi", option], capture_output=True, text=True, cwd=home, stdin=subprocess.DEVNULL, check=True,
                          env=environment(**redis.settings(), REQUEST_METHOD="GET", REQUEST_URI=f"/health?{option}"), timeout=10 * SCALE)
    assert done.stdout.startswith("Status: ") and "REDIS" not in done.stdout


# --- settings -----------------------------------------------------------------------------------------------------


BAD_SETTINGS = [("REDIS_PORT", "0"), ("REDIS_PORT", "65536"), ("REDIS_PORT", "x"), ("REDIS_PORT", "6379 "), ("REDIS_DB", "16"), ("REDIS_DB", "-1"),
                ("REDIS_SOCKET", "/" + "x" * 5000), ("REDIS_HOST", "a\nb"), ("REDIS_USERNAME", "a\x01b"), ("REDIS_PASSWORD", "s3cret\x01"),
                ("LOG_LEVEL", "loud"), ("LOG_LEVEL", "INFO"), ("LOG_FORMAT", "xml"), ("TZDIR", "/" + "x" * 5000)]
BAD_OF = {"dronc-fcgi": [("FCGI_PROCESSES", "0"), ("DRONC_TIMEZONE", "x y"), ("DRONC_TIMEZONE", "Europe/Nowhere")],
          "dronc-runner": [("RUNNER_MAX_IN_FLIGHT", "0"), ("RUNNER_MAX_IN_FLIGHT", "1e3"), ("RUNNER_DRAIN_TIMEOUT_MS", "-1"),
                           ("RUNNER_DRAIN_TIMEOUT_MS", "99999999999999999999")]}


@pytest.mark.parametrize("option", [[], ["--check"], ["--check-config"], ["--print-config"]], ids=lambda option: " ".join(option) or "none")
def test_invalid_setting_is_named_and_nothing_else_is_done(run, option):
    for name, value in BAD_SETTINGS + BAD_OF[run.program]:
        done = run(*option, **{name: value})
        assert (done.returncode, done.stdout) == (2, ""), name
        assert done.stderr.startswith(f"{name}:") and done.stderr.count("\n") == 1, done.stderr
        assert "s3cret" not in done.stderr


def test_every_invalid_setting_is_named(run):
    done = run("--check-config", REDIS_PORT="x", LOG_LEVEL="x", REDIS_DB="x")
    assert done.returncode == 2
    assert sorted(line.split(":")[0] for line in done.stderr.splitlines()) == ["LOG_LEVEL", "REDIS_DB", "REDIS_PORT"]


def test_settings_of_the_other_program_are_not_looked_at(run):
    for name, value in BAD_OF[next(program for program in PROGRAMS if program != run.program)]:
        assert run("--check-config", **{name: value}).returncode == 0


def test_valid_settings_need_no_redis(run):
    done = run("--check-config", REDIS_SOCKET="/nowhere", LOG_LEVEL="debug", LOG_FORMAT="text", RUNNER_MAX_IN_FLIGHT="5", DRONC_TIMEZONE="Asia/Tokyo")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# --- --print-config -----------------------------------------------------------------------------------------------


def printed(run, **settings):
    """name → (value, origin) of --print-config."""
    done = run("--print-config", **settings)
    assert (done.returncode, done.stderr) == (0, "")
    pairs = re.findall(r"# (default|environment)\n([A-Z_]+)=(.*)\n", done.stdout)
    assert "".join(f"# {origin}\n{name}={value}\n" for origin, name, value in pairs) == done.stdout
    return {name: (value, origin) for origin, name, value in pairs}


def test_print_config_has_each_value_and_its_origin(run):
    values = printed(run, REDIS_PORT="6379", REDIS_HOST="redis.example", LOG_LEVEL="", LOG_FORMAT=None)
    assert values["REDIS_HOST"] == ("redis.example", "environment")
    assert values["REDIS_PORT"] == ("6379", "environment")
    assert values["LOG_LEVEL"] == ("info", "default")
    assert values["LOG_FORMAT"] == ("json", "default")  # there is no terminal


def test_print_config_masks_the_password(run):
    assert printed(run)["REDIS_PASSWORD"] == ("", "default")
    assert printed(run, REDIS_PASSWORD="hunter2")["REDIS_PASSWORD"] == ("***", "environment")


def test_print_config_is_what_a_shell_reads(run, home):
    odd = {"REDIS_USERNAME": "a b\"$HOME`id`\\'#", "REDIS_SOCKET": "/run/redis sock"}
    (home / "printed.env").write_text(run("--print-config", **odd).stdout)
    done = subprocess.run(["sh", "-c", '. ./printed.env; printf "%s\\n%s" "$REDIS_USERNAME" "$REDIS_SOCKET"'], capture_output=True, text=True,
                          cwd=home, env=environment(), check=True)
    assert done.stdout == "\n".join(odd.values())


# --- --check ------------------------------------------------------------------------------------------------------


def test_check_reaches_redis_and_prints_what_it_found(run, redis, handler):
    handler.schedule("0 0 1 1 * 2100", "http://127.0.0.1:9/")
    handler.schedule("0 0 1 1 * 2101", "http://127.0.0.1:9/")
    done = run("--check", **redis.settings())
    waits = "" if run.program == "dronc-fcgi" else "; jobs that wait for their time: 2, next: 2100-01-01T00:00:00Z"
    assert (done.returncode, done.stderr, done.stdout) == (0, "", f"Redis at unix:{redis.socket}: good; what it keeps: {KEEPS}{waits}\n")


def test_check_warns_of_a_redis_that_may_lose_jobs(run, make_redis):
    done = run("--check", **make_redis(*LOSSY, folder="lossy").settings())
    assert (done.returncode, done.stderr) == (0, "")
    warnings = [line for line in done.stdout.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 2 and "appendonly is no" in warnings[0] and "maxmemory-policy is allkeys-lru" in warnings[1]


def test_check_warns_of_a_redis_that_may_take_all_memory(run, redis):
    with redis.client() as db:
        memory = int(db.info("memory")["total_system_memory"])
        for maxmemory, is_fine in ((0, False), (memory // 4 * 3 + 1000, False), (memory // 2, True)):
            db.config_set("maxmemory", maxmemory)
            done = run("--check", **redis.settings())
            assert done.returncode == 0 and (f"warning: Redis may take more memory than there is: maxmemory is {maxmemory}," in done.stdout) != is_fine
            assert ("warning" in done.stdout) != is_fine


def test_check_without_the_right_to_ask_knows_nothing(run, redis):
    with redis.client() as db:
        db.execute_command("ACL", "SETUSER", "dronc", "on", ">one", "+@all", "-info", "-config", "~*", "&*")
    done = run("--check", **redis.settings(REDIS_USERNAME="dronc", REDIS_PASSWORD="one"))
    assert done.returncode == 0 and "what it keeps: unknown" in done.stdout


@pytest.mark.parametrize("settings", [{"REDIS_SOCKET": "/nowhere/redis.sock"}, {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "1"}])
def test_check_names_the_redis_that_it_cannot_reach(run, settings):
    done = run("--check", **settings)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert settings.get("REDIS_SOCKET", "127.0.0.1:1") in done.stderr


def test_check_does_not_wait_for_ever_for_a_stopped_redis(run, redis):
    redis.pause()
    done = run("--check", **redis.settings())
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_check_with_a_wrong_password_fails_without_printing_it(run, make_redis):
    redis = make_redis(password="right", folder="locked")
    done = run("--check", REDIS_SOCKET=redis.socket, REDIS_PASSWORD="wr0ng-one")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1 and "wr0ng-one" not in done.stderr
    assert run("--check", REDIS_SOCKET=redis.socket, REDIS_PASSWORD="right").returncode == 0


def test_check_refuses_a_replica_that_takes_no_jobs(run, make_redis):
    redis = make_redis("--replicaof", "127.0.0.1 1", "--replica-serve-stale-data", "yes", folder="replica")
    done = run("--check", **redis.settings())
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done


def test_check_refuses_a_database_with_another_shard_count(run, redis):
    with redis.client() as db:
        db.set("dronc:shards", 7)
    done = run("--check", **redis.settings())
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done


def test_check_refuses_a_node_of_a_cluster(run, make_redis):
    port = free_port()
    node = make_redis("--cluster-enabled", "yes", "--cluster-port", str(free_port()), port=port, folder="node")
    with node.client() as db:
        db.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        wait_for(lambda: b"cluster_state:ok" in db.execute_command("CLUSTER", "INFO"))
    done = run("--check", **node.settings())
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
    assert "cluster" in done.stderr
