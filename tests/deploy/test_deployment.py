"""Runs the deployment section of docs/operations.md as it stands, line by line, on a fresh machine, and checks what it promises; likewise the
README's quick start.

The tests depend on each other, in the order of the section. `make test-deploy SUITES="bookworm trixie"`.
"""
import json
import os
import re
import time

import pytest

from machine import Machine, wait_for
from pages import commands, read

API = "http://127.0.0.1:8080"
UNITS = "dronc-fcgi.socket dronc-fcgi.service dronc-runner.service"
JOB = json.dumps({"schedule": "* * * * * *", "api": f"{API}/health", "type": "ATLEAST_ONCE"})
SECTIONS = ("On the machine", "systemd", "nginx and spawn-fcgi", "Replacing it while it works")
BLOCKS = {section: [block.text for block in commands("docs/operations.md", section)] for section in SECTIONS}
QUICK_START = commands("README.md", "Quick start")[1].text  # the first one is Docker's


@pytest.fixture(scope="module", params=os.environ.get("SUITES", "bookworm").split())
def machine(request):
    assert os.geteuid() == 0, "only root can boot a machine"
    machine = Machine(request.param)
    try:
        machine.clone()
        yield machine.boot()
    finally:
        machine.stop()


def run_block(machine, heading, **options):
    for block in BLOCKS[heading]:
        machine.run("set -ex\n" + block, **options)


# --- what is asked of the machine ---------------------------------------------------------------------------------


def get(machine, path):
    """Status and body."""
    answer = machine.read(f"curl --silent --max-time 20 --write-out '\\n%{{http_code}}' '{API}{path}'")
    body, _, status = answer.rpartition("\n")
    return int(status), body


def is_healthy(machine):
    return get(machine, "/health/deep")[0] == 200


def newest_instant(machine):
    status, body = get(machine, "/v1/track/executions?limit=1")
    assert status == 200, body
    found = json.loads(body)["executions"]
    return found[0]["scheduled_time"] if found else 0


def wait_for_calls(machine):
    """Wait for a new call, not one of the past."""
    before = newest_instant(machine)
    wait_for(lambda: newest_instant(machine) > before, 20, "a call")


def pids(machine, name):
    return [int(pid) for pid in machine.run(f"pgrep -x {name} || pidof {name}", check=False).stdout.split()]


def unit(machine, name, what):
    return machine.read(f"systemctl show --property={what} --value {name}")


def is_active(machine, name):
    return unit(machine, name, "ActiveState") == "active"


def journal(machine, options):
    return machine.read(f"journalctl --no-pager --output=cat --boot {options}").splitlines()


# --- on the machine -----------------------------------------------------------------------------------------------


def test_programs_site_and_settings_are_there(machine):
    run_block(machine, "On the machine", network=True, timeout=1200)
    assert machine.read("stat -c %U:%a /run/dronc") == "dronc:755"
    assert machine.read("readlink -f /usr/local/bin/dronc-runner") == "/usr/local/bin/dronc-runner"
    machine.run("systemctl cat dronc-fcgi.service dronc-runner.service dronc-runner@1.service >/dev/null")
    assert machine.read("redis-cli config get appendfsync").split()[1] == "always"
    assert get(machine, "/health")[0] == 502, "nginx answers, and no handler is behind it"


def test_install_takes_an_odd_destination_and_needs_no_compiler(machine):
    tools = "mkdir -p /tmp/tools && for tool in /usr/bin/*; do case $tool in *gcc*|*cc|*ld*) ;; *) ln -sf $tool /tmp/tools/ ;; esac; done"
    machine.run(tools)
    machine.run("""PATH=/tmp/tools make install DESTDIR="/tmp/it's odd" PREFIX=/usr""")
    assert machine.read("""cd "/tmp/it's odd" && find . -path ./lib -o -name '*.service' | sort""").split() == [
        f"./usr/lib/systemd/system/dronc-{name}.service" for name in ("fcgi", "runner", "runner@")]
    assert "/usr/bin/dronc-runner" in machine.read("""cat "/tmp/it's odd"/usr/lib/systemd/system/dronc-runner.service""")


def test_install_of_what_was_not_built_says_so(machine):
    done = machine.run("PATH=/tmp/tools make install DIST=/nowhere", check=False)
    assert done.returncode != 0
    assert "/nowhere/dronc-fcgi is missing: build it first (make build)" in done.stderr


# --- under systemd ------------------------------------------------------------------------------------------------


def test_units_start_and_jobs_are_called(machine):
    run_block(machine, "systemd")
    assert machine.run(f"systemctl is-active {UNITS}").returncode == 0
    machine.run(f"curl --fail --silent -H 'Content-Type: application/json' -d '{JOB}' {API}/v1/schedule/api-caller")
    wait_for_calls(machine)


def test_commands_inside_sentences_work(machine):
    found = sorted(set(re.findall(r"`((?:systemctl|journalctl|redis-cli|nginx) [^`]+)`", read("docs/operations.md").replace("\n  ", " "))))
    assert len(found) > 5
    for command in found:
        machine.run(command)
        machine.run("systemctl start nginx")  # one of them stops it
    wait_for(lambda: is_healthy(machine), 20, "health")
    wait_for_calls(machine)


def test_nothing_of_dronc_is_root(machine):
    owners = machine.read("ps -o user= -C dronc-fcgi,dronc-runner || stat -c %U $(printf '/proc/%s ' $(pidof dronc-fcgi dronc-runner))").split()
    assert set(owners) == {"dronc"} and len(owners) == 1 + 8 + 1


def test_levels_reach_the_journal(machine):
    machine.run("systemctl stop redis-server")
    wait_for(lambda: journal(machine, "-u dronc-runner -p warning"), 20, "a warning of the runner")
    machine.run("systemctl start redis-server")
    wait_for_calls(machine)
    for options, levels in (("-p warning", {"warn", "error"}), ("-p info", {"info", "warn", "error"})):
        lines = [json.loads(line) for line in journal(machine, f"-u dronc-fcgi -u dronc-runner {options} _UID=$(id -u dronc)")]
        assert lines and {line["level"] for line in lines} <= levels
    assert any(line.startswith("{") for line in journal(machine, "-u dronc-runner -p info"))


def test_handler_that_dies_is_replaced(machine):
    before = set(pids(machine, "dronc-fcgi"))
    victim = max(before)  # the keeper was there first
    machine.run(f"kill -KILL {victim}")
    wait_for(lambda: len(pids(machine, "dronc-fcgi")) == len(before) and victim not in pids(machine, "dronc-fcgi"), 10, "another handler")
    assert any("handler ended" in line for line in journal(machine, "-u dronc-fcgi -p warning"))


@pytest.mark.parametrize("name", ["dronc-fcgi", "dronc-runner"])
def test_unit_that_is_killed_again_and_again_comes_back(machine, name):
    """systemd's default limit is five restarts in ten seconds."""
    for _ in range(8):
        pid = wait_for(lambda: int(unit(machine, name, "MainPID")), 20, f"{name} that is up")
        machine.run(f"kill -KILL {pid}")
        wait_for(lambda: int(unit(machine, name, "MainPID")) != pid, 20, f"{name} that is down")
        get(machine, "/health")
    wait_for(lambda: is_active(machine, name) and is_healthy(machine), 20, f"{name} that is up")
    assert is_active(machine, "dronc-fcgi.socket")
    wait_for_calls(machine)


def test_program_that_is_missing_for_a_while_is_no_end_either(machine):
    """A failed upgrade under load: each request makes the socket start the unit."""
    machine.run("mv /usr/local/bin/dronc-fcgi /tmp/ && systemctl kill --signal=KILL dronc-fcgi.service")
    machine.run(f"for i in $(seq 40); do curl --silent --max-time 0.2 {API}/health; done; true")
    assert int(unit(machine, "dronc-fcgi", "NRestarts")) < 40
    machine.run("mv /tmp/dronc-fcgi /usr/local/bin/")
    wait_for(lambda: is_healthy(machine), 20, "handlers again")
    assert is_active(machine, "dronc-fcgi.socket") and is_active(machine, "dronc-fcgi.service")


@pytest.mark.parametrize("name, setting", [("dronc-fcgi", "DRONC_TIMEZONE=Mars/Base"), ("dronc-fcgi", "FCGI_PROCESSES=many"),
                                           ("dronc-runner", "RUNNER_MAX_PER_HOST=0")])
def test_bad_setting_fails_its_unit_and_a_good_one_mends_it(machine, name, setting):
    machine.run(f"cp /etc/dronc/dronc.env /tmp/good.env && echo '{setting}' >>/etc/dronc/dronc.env")
    assert machine.run(f"systemctl restart {name}", check=False).returncode != 0
    began = time.monotonic()
    for _ in range(5):  # nor does a request bring it back to life
        status = get(machine, "/health")[0]
        assert status == (502 if name == "dronc-fcgi" else 200)
    assert time.monotonic() - began < 5, "an answer at once"
    assert unit(machine, name, "ActiveState") == "failed" and unit(machine, name, "ExecMainStatus") == "2"
    assert any(setting.split("=")[0] in line for line in journal(machine, f"-u {name} -p err"))
    machine.run("cp /tmp/good.env /etc/dronc/dronc.env")
    machine.run(f"systemctl restart {name}")
    assert is_healthy(machine)
    wait_for_calls(machine)


def test_restart_of_the_handlers_fails_no_request(machine):
    answers = machine.read(f"""(for i in $(seq 5); do systemctl restart dronc-fcgi; sleep 0.3; done) &
        while jobs %1 >/dev/null 2>&1; do curl --silent --output /dev/null --write-out '%{{http_code}}\\n' {API}/health/deep; jobs >/dev/null; done""").split()
    assert len(answers) > 20 and set(answers) == {"200"}


def test_all_of_it_is_there_after_a_boot(machine):
    machine.reboot()
    wait_for(lambda: is_healthy(machine), 30, "health after a boot")
    assert machine.run(f"systemctl is-active {UNITS}").returncode == 0
    wait_for_calls(machine)


# --- under spawn-fcgi ---------------------------------------------------------------------------------------------


def test_spawn_fcgi_serves_and_the_runner_calls(machine):
    machine.run(f"systemctl disable --now {UNITS}")
    machine.reboot()  # /run/dronc has to be there again
    assert get(machine, "/health")[0] == 502
    run_block(machine, "nginx and spawn-fcgi")
    wait_for(lambda: is_healthy(machine), 20, "health")
    wait_for_calls(machine)
    test_nothing_of_dronc_is_root(machine)


def test_spawn_fcgi_leaves_a_log_with_levels(machine):
    keeper = machine.read("cat /run/dronc/fcgi.pid")
    victim = max(set(pids(machine, "dronc-fcgi")) - {int(keeper)})
    machine.run(f"kill -KILL {victim}")
    wait_for(lambda: any(f'"ended":{victim}' in line for line in journal(machine, "-t dronc-fcgi -p warning")), 10, "a warning")
    assert any("handler started" in line for line in journal(machine, "-t dronc-fcgi"))
    assert not any("handler started" in line for line in journal(machine, "-t dronc-fcgi -p warning"))
    assert any('"ready"' in line for line in journal(machine, "-t dronc-runner"))
    wait_for(lambda: len(pids(machine, "dronc-fcgi")) == 1 + 8, 10, "another handler")


def test_new_pool_takes_the_old_ones_place_without_a_failed_request(machine):
    old = machine.read("cat /run/dronc/fcgi.pid")
    block = BLOCKS["Replacing it while it works"][0]
    answers = machine.read(f"""(set -e; sleep 0.3; {{ {block.strip()}
        }} >/dev/null 2>&1; sleep 0.5) &
        while jobs %1 >/dev/null 2>&1; do curl --silent --output /dev/null --write-out '%{{http_code}}\\n' {API}/health/deep; jobs >/dev/null; done""").split()
    assert len(answers) > 10 and set(answers) == {"200"}
    assert machine.read("cat /run/dronc/fcgi.pid") != old
    wait_for(lambda: len(pids(machine, "dronc-fcgi")) == 1 + 8, 10, "the new pool alone")


# --- make run -----------------------------------------------------------------------------------------------------


def test_quick_start_of_the_readme_calls_and_stops(machine):
    machine.run("systemctl disable --now nginx redis-server")
    machine.reboot()
    machine.run(f"(setsid {QUICK_START.strip()} >/tmp/run.log 2>&1; echo $? >/tmp/run.status) >/dev/null 2>&1 &")
    wait_for(lambda: machine.run(f"curl --fail --silent {API}/health/deep", check=False).returncode == 0, 120, "health")
    machine.run(f"curl --fail --silent -H 'Content-Type: application/json' -d '{JOB}' {API}/v1/schedule/api-caller")
    wait_for_calls(machine)
    machine.run("kill -TERM $(grep -lzE '(^|/)scripts/run$' /proc/[0-9]*/cmdline | cut -d/ -f3)")
    status = wait_for(lambda: machine.run("cat /tmp/run.status", check=False).stdout.strip(), 60, "the end of make run")
    assert status == "0", machine.read("cat /tmp/run.log")


def test_every_block_was_run():
    assert all(BLOCKS.values())
    assert not re.search("<[a-z ]+>", "".join("".join(blocks) for blocks in BLOCKS.values())), "a line with something to fill in"
