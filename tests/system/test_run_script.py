"""scripts/run, which is what `make run` ends in: starting, stopping, refusing, cleaning up."""
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

import target as t
from harness import (DIST, NEVER_SOON, RUN, HttpClient, Program, at_second, environment, free_port, is_alive, processes_in, soon, state_of, wait_for)

NAMES = {"redis": "redis-server", "nginx": "nginx", "fcgi": "dronc-fcgi", "runner": "dronc-runner"}


def make_run(home):
    """A Makefile that runs the script as ours does, without the packages and the build."""
    path = home / "Makefile"
    path.write_text(f"run:\n\t@exec {RUN}\n")
    return ["make", "-s", "-f", path, "run"]


def assert_nothing_left(stack):
    assert not processes_in(stack.home)
    assert sorted(p.name for p in (stack.data / "run").iterdir() if p.suffix in (".pid", ".sock")) == []


# --- starting -----------------------------------------------------------------------------------------------------


def test_pid_files_name_what_runs(make_stack):
    stack = make_stack(FCGI_PROCESSES=3).start()
    for file, name in NAMES.items():
        pids = stack.pids(file)
        assert len(pids) == len(set(pids)) == (3 if file == "fcgi" else 1)
        assert {Path(f"/proc/{pid}/comm").read_text().strip() for pid in pids} == {name}
    assert (stack.data / "run" / "fcgi.pid").read_text().count("\n") == 3
    running = processes_in(stack.data)
    assert sorted(pid for pid, name in running.items() if name == "dronc-fcgi") == sorted(stack.pids("fcgi"))


def test_data_sockets_logs_and_pid_files_are_under_data_dir(make_stack):
    stack = make_stack().start()
    assert {"redis", "run", "log"} <= {p.name for p in stack.data.iterdir()}
    assert (stack.data / "run" / "redis.sock").is_socket()
    assert list((stack.data / "log").iterdir())
    assert stack.data.stat().st_mode & 0o077 == 0, "others may read secret URLs"
    with stack.redis() as db:
        assert db.config_get("append*")["appendonly"] == "yes"
        assert db.config_get("append*")["appendfsync"] == "always"
        assert db.config_get("port")["port"] == "0"


def test_defaults_are_a_folder_called_data_and_eight_handlers(make_stack):
    stack = make_stack(DATA_DIR=None, FCGI_PROCESSES=None).start()
    assert len(stack.pids("fcgi")) == 8
    assert f"http://127.0.0.1:{stack.port}" in stack.program.err
    assert str(stack.data) in stack.program.err


def test_terminal_shows_the_runners_log_alone(make_stack, hook):
    stack = make_stack().start()
    stack.schedule(at_second(soon()), hook.url)
    wait_for(lambda: stack.program.events("call succeeded"))
    assert {line["program"] for line in stack.log} == {"dronc-runner"}


def test_two_stacks_run_side_by_side(make_stack, target):
    one, other = make_stack("one").start(), make_stack("other").start()
    hooks = [target.hook(), target.hook()]
    jobs = [stack.schedule(at_second(soon()), hook.url) for stack, hook in zip((one, other), hooks)]
    for stack, job_id in zip((one, other), jobs):
        stack.wait_for_executions(job_id)
        assert {e["job_id"] for e in stack.executions()} == {job_id}
    assert one.stop() == 0
    assert other.get("/health/deep").status == 200
    assert [len(hook.calls) for hook in hooks] == [1, 1]


@pytest.mark.parametrize("name", ["with blank", "ünï", "a'b\"c", "$HOME", "[x]*", "semi;colon", "d" * 120])
def test_odd_name_of_the_data_directory(make_stack, name):
    stack = make_stack(name).start()
    assert stack.get("/health/deep").status == 200
    assert stack.stop() == 0
    assert not processes_in(stack.home)


def test_relative_data_directory_is_meant_from_where_one_stands(make_stack):
    stack = make_stack(DATA_DIR="some/where").start()
    assert (stack.home / "some" / "where" / "run" / "runner.pid").exists()


@pytest.mark.parametrize("address, auth, warned", [("127.0.0.3", None, False), ("0.0.0.0", "none", True)])
def test_address_that_strangers_reach_without_a_key_is_warned_of(make_stack, address, auth, warned):
    stack = make_stack(HTTP_ADDR=address, API_AUTH=auth).start()
    assert ("WARNING: API_AUTH is none: everyone who reaches 0.0.0.0" in stack.program.err) == warned


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
@pytest.mark.parametrize("auth", [None, "keys"])
def test_address_that_strangers_reach_needs_a_key(make_stack, address, auth):
    code, lines = make_stack(HTTP_ADDR=address, API_AUTH=auth).fail_to_start()
    assert (code, len(lines)) == (2, 1)
    assert f"HTTP_ADDR: {address} would let anyone in: dist/dronc-admin key create first" in lines[0]


def test_address_that_strangers_reach_is_listened_on_once_there_is_a_key(make_stack):
    """As an operator does it who read that line."""
    first = make_stack().start()
    made = subprocess.run([DIST / "dronc-admin", "key", "create"], cwd=first.home, env=environment(DATA_DIR=first.data), capture_output=True, text=True,
                          check=True)
    assert first.stop() == 0
    stack = make_stack(HTTP_ADDR="0.0.0.0").start()
    assert "WARNING" not in stack.program.err
    assert stack.get("/v1/jobs").status == 401
    assert stack.get("/v1/jobs", authorization=f"Bearer {made.stdout.strip()}").status == 200


def test_own_redis_with_a_key_is_enough(make_stack, redis):
    stack = make_stack(HTTP_ADDR="0.0.0.0", **redis.settings())
    assert "HTTP_ADDR: 0.0.0.0 would let anyone in: dist/dronc-admin key create first" in stack.fail_to_start()[1][0]
    subprocess.run([DIST / "dronc-admin", "key", "create"], env=environment(**redis.settings()), capture_output=True, check=True)
    assert stack.start().get("/v1/jobs").status == 401


def test_start_says_where_the_logs_are(make_stack):
    stack = make_stack().start()
    assert f"data in {stack.data}; logs in its log/" in stack.program.err


def test_other_address_is_listened_on(make_stack):
    stack = make_stack(HTTP_ADDR="127.0.0.2").start()
    with pytest.raises(ConnectionRefusedError):
        stack.get("/health")
    socket.create_connection(("127.0.0.2", stack.port)).close()


# --- stopping -----------------------------------------------------------------------------------------------------


def test_sigterm_stops_everything(make_stack):
    stack = make_stack().start()
    assert stack.stop() == 0
    assert_nothing_left(stack)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGQUIT, signal.SIGHUP])
def test_other_signals(make_stack, signum):
    """Without a terminal SIGHUP is for the runner, the others mean stop."""
    stack = make_stack().start()
    stack.program.signal(signum)
    if signum == signal.SIGHUP:
        wait_for(lambda: stack.program.events("time zones read again"))
        stack.program.signal(signal.SIGTERM)
    assert stack.program.exit_code() == 0
    assert_nothing_left(stack)


def test_log_level_is_changed_through_the_script(make_stack):
    stack = make_stack().start()
    stack.program.signal(signal.SIGUSR1)
    assert wait_for(lambda: stack.program.events("log level changed"))[0]["level"] == "debug"
    stack.program.signal(signal.SIGUSR2)
    wait_for(lambda: len(stack.program.events("log level changed")) == 2)


def test_stop_lets_the_call_in_flight_end(make_stack, hook):
    stack = make_stack().start()
    stack.schedule(at_second(soon()), hook.answers(t.held).url)
    hook.wait_for_calls()
    stack.program.signal(signal.SIGTERM)
    wait_for(lambda: stack.program.events("stopping"))
    assert stack.get("/health").status == 200
    hook.release()
    assert stack.program.exit_code() == 0
    assert stack.program.events("call succeeded")
    assert_nothing_left(stack)


def test_second_stop_does_not_wait(make_stack, hook):
    stack = make_stack().start()
    stack.schedule(at_second(soon()), hook.answers(t.held).url)
    hook.wait_for_calls()
    stack.program.signal(signal.SIGTERM)
    wait_for(lambda: stack.program.events("stopping"))
    stack.program.signal(signal.SIGTERM)
    stack.program.exit_code(10)
    assert_nothing_left(stack)
    hook.release()


@pytest.mark.parametrize("through_make", [False, True])
def test_ctrl_c_stops_everything(make_stack, make_terminal, home, through_make):
    stack = make_stack("data's parent")
    argv = make_run(home) if through_make else [RUN]
    terminal = make_terminal(argv, DATA_DIR=stack.data, HTTP_PORT=stack.port, FCGI_PROCESSES=2)
    terminal.wait_for_text("ready")
    assert stack.get("/health/deep").status == 200
    terminal.type("\x03")
    code = terminal.exit_code()
    assert_nothing_left(stack)
    assert "stopped" in terminal.text
    assert code == 0 or through_make  # make has its own opinion of being interrupted


def test_ctrl_c_twice_does_not_wait(make_stack, make_terminal, hook):
    stack = make_stack()
    terminal = make_terminal([RUN], DATA_DIR=stack.data, HTTP_PORT=stack.port, FCGI_PROCESSES=2)
    terminal.wait_for_text("ready")
    stack.schedule(at_second(soon()), hook.answers(t.held).url)
    hook.wait_for_calls()
    terminal.type("\x03")
    terminal.wait_for_text("stopping")
    terminal.type("\x03")
    terminal.exit_code(10)
    assert_nothing_left(stack)
    hook.release()


def test_closed_terminal_stops_everything(make_stack, make_terminal):
    stack = make_stack()
    terminal = make_terminal([RUN], DATA_DIR=stack.data, HTTP_PORT=stack.port, FCGI_PROCESSES=2)
    terminal.wait_for_text("ready")
    terminal.hang_up()
    wait_for(lambda: not processes_in(stack.home), 15)
    assert_nothing_left(stack)


def test_sigterm_to_make_stops_everything(make_stack, home):
    stack = make_stack()
    make = Program(home, "make", make_run(home), environment(DATA_DIR=stack.data, HTTP_PORT=stack.port, FCGI_PROCESSES=2))
    wait_for(lambda: make.events("ready"), 20)  # as long as Stack.start waits
    make.signal(signal.SIGTERM)
    make.exit_code()
    wait_for(lambda: not processes_in(home), 10)
    assert_nothing_left(stack)


@pytest.mark.parametrize("signum, code", [(signal.SIGTERM, 0), (signal.SIGKILL, 137)])
def test_end_of_the_runner_ends_everything(make_stack, signum, code):
    stack = make_stack().start()
    os.kill(stack.pids("runner")[0], signum)
    assert stack.program.exit_code() == code
    assert "dronc-runner has ended" in stack.program.err
    assert_nothing_left(stack)


@pytest.mark.parametrize("part", ["redis", "nginx", "fcgi"])
def test_part_that_dies_is_named_and_ends_everything(make_stack, part):
    stack = make_stack().start()
    log = {"redis": "redis.log", "nginx": "nginx-error.log", "fcgi": "fcgi.log"}[part]
    with open(stack.data / "log" / log, "a", encoding="utf-8") as file:
        file.write("its last words\n")
    os.kill(stack.pids(part)[-1], signal.SIGKILL)
    assert stack.program.exit_code() == 1
    said = [line for line in stack.program.err.splitlines() if "has ended" in line]
    assert len(said) == 1 and NAMES[part] in said[0] and f"(in {stack.data / 'log' / log})" in said[0], said
    assert part == "redis" or "its last words" in said[0], said  # Redis may have had more to say
    assert_nothing_left(stack)


def test_part_that_dies_before_a_call_has_ended_lets_it_end(make_stack, hook):
    stack = make_stack().start()
    stack.schedule(at_second(soon()), hook.answers(t.held).url)
    hook.wait_for_calls()
    os.kill(stack.pids("nginx")[0], signal.SIGKILL)
    wait_for(lambda: stack.program.events("stopping"))
    hook.release()
    assert stack.program.exit_code() == 1
    assert stack.program.events("call succeeded")
    assert_nothing_left(stack)


def test_watch_ends_with_the_script(make_stack):
    """Otherwise it would stop what the next start has just begun."""
    stack = make_stack().start()
    others = set(processes_in(stack.data).values()) - set(NAMES.values())
    assert len(others) == 1, others
    stack.program.kill()
    wait_for(lambda: not others & set(processes_in(stack.data).values()))
    stack.start()
    assert stack.stop() == 0
    assert_nothing_left(stack)


@pytest.fixture
def on_small_disk(make_stack):
    """Runs the script with DATA_DIR on a disk of its own, which has so many bytes left of its 16 MiB. Root mounts that for all to see:
    in a chroot there are no user namespaces."""
    stack, is_root = make_stack(), os.geteuid() == 0

    def run(room):
        script = f"""mkdir -p data && mount -t tmpfs -o size=16m none data && head -c {(16 << 20) - room} /dev/zero >data/filler; exec {RUN}"""
        stack.program = Program(stack.home, "run", [*([] if is_root else ["unshare", "--map-root-user", "--mount"]), "bash", "-c", script],
                                environment(DATA_DIR="data", HTTP_PORT=stack.port, FCGI_PROCESSES=1))
        return stack

    yield run
    if is_root:
        subprocess.run(["umount", "--lazy", stack.data], check=True)


@pytest.mark.parametrize("room", [0, 4096, 32768])
def test_disk_that_is_full_from_the_start_is_said(on_small_disk, room):
    program = on_small_disk(room).program
    assert program.exit_code() in (1, 2)
    lines = program.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("dronc: DATA_DIR: ") and "No space left on device" in lines[0], lines


def test_disk_that_is_full_later_is_said_and_ends_everything(on_small_disk):
    """Redis ends by itself where it cannot write what it has acknowledged; and nothing of what follows can be written down."""
    stack = on_small_disk(8 << 20)
    wait_for(stack.is_up)
    with open(f"/proc/{stack.program.pid}/root{stack.data}/filler", "ab", buffering=0) as filler, pytest.raises(OSError):
        while True:
            filler.write(bytes(1 << 16))
    with pytest.raises((AssertionError, OSError)):  # an answer that is no 201, or none
        for n in range(100):
            stack.schedule(NEVER_SOON, f"http://127.0.0.1:9/{n}")
    assert stack.program.exit_code() == 1
    assert "DATA_DIR: cannot write to" in stack.program.err and "No space left on device" in stack.program.err
    assert "redis-server has ended: stopping the rest" in stack.program.err
    assert not processes_in(stack.home)


def test_stop_works_with_stopped_handlers(make_stack):
    """A handler that does not react is killed in the end."""
    stack = make_stack(FCGI_PROCESSES=1).start()
    os.kill(stack.pids("fcgi")[0], signal.SIGSTOP)
    assert stack.stop() == 0
    assert "killed" in stack.program.err
    assert_nothing_left(stack)


# --- refusing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, value", [
    ("HTTP_ADDR", "localhost"), ("HTTP_ADDR", "256.0.0.1"), ("HTTP_ADDR", "127.0.0.1; include /etc/passwd"), ("HTTP_ADDR", "1::2::3"),
    ("HTTP_PORT", "0"), ("HTTP_PORT", "65536"), ("HTTP_PORT", "x"), ("HTTP_PORT", "-1"), ("HTTP_PORT", "08080"), ("HTTP_PORT", "80 80"),
    ("FCGI_PROCESSES", "0"), ("FCGI_PROCESSES", "257"), ("FCGI_PROCESSES", "x"), ("FCGI_PROCESSES", "1.5"),
    ("LOG_LEVEL", "loud"), ("LOG_FORMAT", "xml"), ("REDIS_HOST", "a\nb"), ("REDIS_PORT", "0"), ("REDIS_PORT", "x"), ("REDIS_SOCKET", "/" + "x" * 5000),
    ("REDIS_USERNAME", "a\x01"), ("REDIS_PASSWORD", "s3cret\x01"), ("REDIS_DB", "x"), ("REDIS_DB", "16"),
    ("RUNNER_MAX_IN_FLIGHT", "0"), ("RUNNER_DRAIN_TIMEOUT_MS", "x"), ("DATA_DIR", "/dev/null/data"), ("DATA_DIR", "/proc/data"),
], ids=lambda value: value[:12])
def test_bad_setting_is_refused_by_name(make_stack, name, value):
    stack = make_stack(**{name: value})
    code, lines = stack.fail_to_start()
    assert code == 2
    assert len(lines) == 1 and name in lines[0], lines
    assert "s3cret" not in lines[0]
    assert not processes_in(stack.home)


def test_all_bad_settings_are_told_at_once(make_stack):
    code, lines = make_stack(HTTP_ADDR="x", HTTP_PORT="x", FCGI_PROCESSES="x", LOG_LEVEL="x").fail_to_start()
    assert code == 2
    for name in ("HTTP_ADDR", "HTTP_PORT", "FCGI_PROCESSES", "LOG_LEVEL"):
        assert sum(name in line for line in lines) == 1, lines


def test_taken_port_is_said_and_nothing_is_left(make_stack):
    with socket.create_server(("127.0.0.1", free_port())) as other:
        stack = make_stack(HTTP_PORT=other.getsockname()[1])
        code, lines = stack.fail_to_start()
    assert code == 1
    assert len(lines) == 1 and "HTTP_PORT" in lines[0] and "taken" in lines[0], lines
    assert_nothing_left(stack)


def test_address_of_another_machine_is_said(make_stack):
    code, lines = make_stack(HTTP_ADDR="192.0.2.1", API_AUTH="none").fail_to_start()
    assert code == 1
    assert "HTTP_ADDR" in lines[-1], lines


@pytest.mark.parametrize("settings", [{"REDIS_SOCKET": "/nowhere/redis.sock"}, {"REDIS_PORT": "1"}])
def test_redis_that_cannot_be_reached_is_said(make_stack, settings):
    stack = make_stack(**settings)
    code, lines = stack.fail_to_start()
    assert code == 1
    assert len(lines) == 1, lines
    assert settings.get("REDIS_SOCKET", "127.0.0.1:1") in lines[0], lines
    assert_nothing_left(stack)


def test_redis_with_a_wrong_password_is_said_without_it(make_stack, make_redis):
    redis = make_redis(password="right", folder="locked")
    code, lines = make_stack(REDIS_SOCKET=redis.socket, REDIS_PASSWORD="wr0ng-one").fail_to_start()
    assert code == 1
    assert len(lines) == 1 and "wr0ng-one" not in lines[0], lines
    assert "WRONGPASS" in lines[0] or "password" in lines[0], lines


def test_missing_program_is_said(make_stack, home):
    """A PATH with everything but spawn-fcgi."""
    tools = home / "tools"
    tools.mkdir()
    for folder in ("/usr/bin", "/bin"):
        for name in os.listdir(folder):
            if name != "spawn-fcgi" and not (tools / name).is_symlink():
                (tools / name).symlink_to(f"{folder}/{name}")
    stack = make_stack(PATH=tools)
    code, lines = stack.fail_to_start()
    assert code == 1
    assert len(lines) == 1 and "spawn-fcgi" in lines[0], lines
    assert not processes_in(stack.home)


@pytest.mark.parametrize("program", ["dronc-fcgi", "dronc-runner"])
def test_missing_binary_is_said(make_stack, home, program):
    (home / "dist").mkdir()
    stack = make_stack(DRONC_DIST=home / "dist")
    if program == "dronc-runner":
        (home / "dist" / "dronc-fcgi").symlink_to("/bin/true")
    code, lines = stack.fail_to_start()
    assert code == 1
    assert len(lines) == 1 and program in lines[0], lines


def test_handler_that_does_not_start_is_said_and_the_rest_is_stopped(make_stack, home):
    """The whole of Redis and the pool is up by then, and has to go again."""
    from harness import DIST
    (home / "dist").mkdir()
    (home / "dist" / "dronc-fcgi").symlink_to("/bin/false")
    (home / "dist" / "dronc-runner").symlink_to(DIST / "dronc-runner")
    stack = make_stack(DRONC_DIST=home / "dist")
    code, lines = stack.fail_to_start()
    assert code == 1
    assert len(lines) == 1 and "handler" in lines[0] or "health" in lines[0], lines
    assert_nothing_left(stack)


def test_second_start_on_the_same_data_is_refused(make_stack):
    stack = make_stack().start()
    second = make_stack(DATA_DIR=stack.data)
    code, lines = second.fail_to_start()
    assert code == 1
    assert len(lines) == 1 and "already running" in lines[0] and str(stack.program.pid) in lines[0], lines
    assert stack.get("/health/deep").status == 200


@pytest.mark.parametrize("args, code", [(["--help"], 0), (["-h"], 0), (["--nonsense"], 2), (["a", "b"], 2)])
def test_script_explains_itself(home, args, code):
    done = subprocess.run([RUN, *args], capture_output=True, text=True, cwd=home, env=environment())
    assert done.returncode == code
    if code == 0:
        for name in ("HTTP_ADDR", "HTTP_PORT", "DATA_DIR", "FCGI_PROCESSES", "LOG_LEVEL", "LOG_FORMAT", "REDIS_HOST", "REDIS_PASSWORD"):
            assert name in done.stdout
    else:
        assert done.stderr.count("\n") == 1


# --- root ---------------------------------------------------------------------------------------------------------

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def status_of(pid):
    """What the kernel says of a process; "": it has just ended, as helpers of the script do."""
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def owners(stack):
    """{program: uids} of all that runs for the stack."""
    found = {}
    for pid, name in processes_in(stack.data).items():
        status = status_of(pid)
        if not status:
            continue
        uids = re.search(r"^Uid:\t(.*)$", status, re.M)[1].split()
        assert len(set(uids)) == 1, (name, uids)
        found.setdefault(name, set()).add(int(uids[0]))
    return found


def own_user():
    try:
        return pwd.getpwnam("dronc").pw_uid
    except KeyError:
        return pwd.getpwnam("nobody").pw_uid


@as_root
@pytest.mark.parametrize("home_is_open", [False, True])
def test_root_runs_nothing_but_as_a_user_without_rights(make_stack, home, hook, home_is_open):
    home.parent.chmod(0o755 if home_is_open else 0o700)
    home.chmod(0o755 if home_is_open else 0o700)
    stack = make_stack().start()
    found = owners(stack)
    assert {"run", *NAMES.values()} <= set(found) and all(uids == {own_user()} for uids in found.values()), found
    stack.schedule(at_second(soon()), hook.url)
    hook.wait_for_calls()
    for pid in processes_in(stack.data):
        caps = re.findall(r"^Cap(?:Prm|Eff|Amb):\t(\w+)$", status_of(pid), re.M)
        assert set(caps) <= {"0" * 16}, caps
    assert stack.data.stat().st_mode & 0o077 == 0
    assert stack.stop() == 0
    assert_nothing_left(stack)
    assert not (stack.data / "run" / "copy").exists()


@as_root
def test_root_takes_over_data_that_was_its_own(make_stack):
    """As it was before there was another user; a symbolic link among it leads nowhere."""
    stack = make_stack().start()
    job_id = stack.schedule(NEVER_SOON, "http://127.0.0.1:9/")
    assert stack.stop() == 0
    outside = stack.home / "outside"
    outside.write_text("not Dronc's")
    for path in stack.data.rglob("*"):
        os.chown(path, 0, 0)
    os.chown(stack.data, 0, 0)
    (stack.data / "redis" / "link").symlink_to(outside)
    (stack.data / "log" / "link").symlink_to(outside)
    stack.start()
    assert stack.job(job_id).status == 200
    assert owners(stack)["redis-server"] == {own_user()}
    assert outside.stat().st_uid == 0


@as_root
@pytest.mark.parametrize("programs", ["closed", "open"])
def test_root_runs_what_only_root_can_read(make_stack, home, programs):
    """A clone in root's home, or one that was made with a umask of 077."""
    from harness import DIST
    (home / "dist").mkdir(mode=0o700)
    for name in ("dronc-fcgi", "dronc-runner"):
        shutil.copy(DIST / name, home / "dist" / name)
        (home / "dist" / name).chmod(0o700 if programs == "closed" else 0o755)
    stack = make_stack(DRONC_DIST=home / "dist").start()
    assert stack.get("/health/deep").status == 200
    assert stack.get("/ui/js/pages/job.js").status == 200, "the page is not there"
    assert owners(stack)["dronc-runner"] == {own_user()}
    stack.program.kill()
    stack.start()
    assert "left processes behind" in stack.program.err
    assert stack.stop() == 0
    assert_nothing_left(stack)


@as_root
def test_root_listens_on_a_low_port_and_keeps_no_other_right(make_stack):
    stack = make_stack(HTTP_ADDR="127.0.0.77")
    stack.port = 81
    stack.start()
    assert owners(stack)["nginx"] == {own_user()}
    socket.create_connection(("127.0.0.77", 81)).close()


@as_root
def test_root_says_why_it_stays_root(make_stack, redis):
    stack = make_stack(**redis.settings()).start()
    assert f"WARNING: all of this runs as root: REDIS_SOCKET is not open to {pwd.getpwuid(own_user()).pw_name}" in stack.program.err
    assert owners(stack)["dronc-runner"] == {0}


# --- cleaning up --------------------------------------------------------------------------------------------------


def test_leftovers_of_kill_9_of_the_script_are_cleaned_up(make_stack):
    stack = make_stack().start()
    job_id = stack.schedule("0 0 29 2 *", "http://127.0.0.1:9/")
    stack.program.kill()
    left = processes_in(stack.data)
    assert left
    stack.start()
    assert "left processes behind" in stack.program.err
    assert not any(is_alive(pid) for pid in left)
    assert stack.schedule("0 0 29 2 *", "http://127.0.0.1:9/") == job_id
    assert stack.stop() == 0
    assert_nothing_left(stack)


def test_pid_files_of_others_are_not_believed(make_stack):
    """A pid that is used again by another process since."""
    stack = make_stack()
    (stack.data / "run").mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"], cwd="/") as bystander:
        for name in NAMES:
            (stack.data / "run" / f"{name}.pid").write_text(f"{bystander.pid}\n")
        stack.start()
        assert stack.stop() == 0
        assert bystander.poll() is None
        bystander.terminate()
    assert state_of(os.getpid()) == "R"


# --- a Redis of one's own -----------------------------------------------------------------------------------------


def test_own_redis_by_socket_is_used_and_left_alone(make_stack, redis, hook):
    stack = make_stack(**redis.settings()).start()
    assert "redis-server" not in processes_in(stack.data).values()
    assert stack.pids("redis") == []
    stack.schedule(at_second(soon()), hook.url)
    hook.wait_for_calls()
    assert stack.stop() == 0
    assert redis.answers()


def name_of_this_machine():
    """A name where there is one to be looked up: the barest machines have no /etc/hosts."""
    try:
        socket.getaddrinfo("localhost", None)
        return "localhost"
    except OSError:
        return "127.0.0.1"


def test_own_redis_by_port_with_password_and_database(make_stack, make_redis, hook):
    redis = make_redis(port=free_port(), password="pass word$'\"", folder="locked")
    with redis.client() as db:
        db.execute_command("ACL", "SETUSER", "me", "on", ">my%own;", "~dronc:*", "&*", "+@all", "-flushall")
    stack = make_stack(REDIS_HOST=name_of_this_machine(), REDIS_PORT=redis.port, REDIS_USERNAME="me", REDIS_PASSWORD="my%own;", REDIS_DB=3).start()
    job_id = stack.schedule(at_second(soon()), hook.url)
    stack.wait_for_executions(job_id)
    with redis.client(db=3) as db:
        assert db.exists("dronc:shards")
    assert stack.stop() == 0
    assert "my%own" not in stack.all_logs()
    with redis.client() as db:
        assert db.keys("*") == []
