"""The README's five minutes: each command is run, and answered with what stands below it."""
import json
import re
import subprocess

import pytest

from harness import ROOT, wait_for

TOUR = (ROOT / "README.md").read_text().partition("## Five minutes")[2].partition("\n## ")[0]
STEPS = re.findall(r"```sh\n(curl .*?)```\n```json\n(.*?)\n```", TOUR, re.S)
LOG_LINE = re.search(r"^```\n(.* call succeeded .*)\n```$", TOUR, re.M)[1]
ID = re.compile(r"[0-9a-f]{64}")


def alike(value, port):
    """What may be compared: ids, numbers and the names of runners differ from run to run."""
    if isinstance(value, dict):
        return {name: "<name>" if name == "runner" else alike(member, port) for name, member in value.items()}
    if isinstance(value, list):
        return [alike(item, port) for item in value]
    if isinstance(value, str):
        text = re.sub(r":1\d{12}:", ":<instant>:", ID.sub("<id>", value.replace(f":{port}/", ":8080/")))
        return re.sub(r"^f1\d{12}\.\d+-\d+$", "<cursor>", text)
    return value if isinstance(value, bool) else type(value).__name__


def run(stack, command):
    """A command of the README, with the stack's own port in place of 8080."""
    done = subprocess.run(["bash", "-c", re.sub(r"(localhost|127\.0\.0\.1):8080", rf"\1:{stack.port}", command)], capture_output=True, text=True,
                          cwd=stack.home, timeout=30, check=True)
    return json.loads(done.stdout)


@pytest.fixture
def started(make_stack):
    """As `make run` starts it: what was called before would be told of, too."""
    return make_stack().start()


def test_the_tour_is_true(started):
    assert len(STEPS) == 3, "a job, what came of it, and a mistake"
    for command, shown in STEPS:
        if "track/executions" in command:
            wait_for(lambda: started.executions(limit=1), 15, "a first call")
        got, expected = run(started, command), json.loads(shown)
        assert alike(got, started.port) == alike(expected, 8080), command
        assert "error" not in expected or got == expected
    record = started.program.events("call succeeded")[0]
    assert re.findall(r" (\w+)=", LOG_LINE) == [name for name in record if name not in ("time", "level", "event", "program")], record
