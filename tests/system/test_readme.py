"""The README's tour: each command is run, and answered with what stands below it."""
import json
import re
import subprocess
from datetime import datetime, timedelta, timezone

import pytest

from harness import ROOT, wait_for
from pages import rows

README = (ROOT / "README.md").read_text()
TOUR = README.partition("## One job, one call, one why")[2].partition("\n## ")[0]
STEPS = re.findall(r"```sh\n(.*?)```\n```json\n(.*?)\n```", TOUR, re.S)
LOG_LINE = re.search(r"^```\n(.* call succeeded .*)\n```$", TOUR, re.M)[1]
ID = re.compile(r"[0-9a-f]{64}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
STAMP = "%Y-%m-%dT%H:%M:%SZ"


def alike(value, port):
    """The part of an answer that is the same in every run: not ids, numbers, names of runners, or when the job was paused."""
    if isinstance(value, dict):
        return {name: f"<{name}>" if name in ("runner", "state_since") else alike(member, port) for name, member in value.items()}
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


def moved(text, by):
    """The text with every instant shifted: the README's call was on another day."""
    return INSTANT.sub(lambda match: (datetime.strptime(match[0], STAMP) + by).strftime(STAMP), text)


@pytest.fixture
def started(make_stack):
    """A stack of its own, as `make run` starts it: a shared one has records of other calls."""
    return make_stack().start()


def test_the_tour_is_true(started):
    assert len(STEPS) == 4, "a job, what came of it, why nothing was called, and a mistake"
    by, job_id = timedelta(), ""
    for command, shown in STEPS:
        if "track/executions" in command:
            first = wait_for(lambda: started.executions(limit=1), 15, "a first call")[0]
            job_id = first["job_id"].removeprefix("capi:")
            called = re.search(f"scheduled=({INSTANT.pattern})", LOG_LINE)[1]
            by = datetime.fromtimestamp(first["scheduled_time"], timezone.utc).replace(tzinfo=None) - datetime.strptime(called, STAMP)
        got, expected = run(started, moved(ID.sub(job_id, command), by)), json.loads(moved(shown, by))
        assert alike(got, started.port) == alike(expected, 8080), command
        assert "error" not in expected or got == expected
    record = started.program.events("call succeeded")[0]
    assert re.findall(r" (\w+)=", LOG_LINE) == [name for name in record if name not in ("time", "level", "event", "program")], record


def test_it_can_be_read_in_a_minute():
    assert len(README.splitlines()) <= 120


def test_figures_are_those_of_the_latest_table():
    table = {(row[0], row[1]): row for row in rows("docs/benchmarks.md")["The latest table"]}

    def figure(topic, what, column=2, digits=0):
        return f"{round(float(re.search(r'[0-9][0-9,.]*', table[topic, what][column])[0].replace(',', '')), digits):,.10g}"

    assert f"{figure('calls', '100,000 due at once, everysec', digits=-3)} calls a second" in README
    assert f"bare libcurl loop, with no promise at all, makes {figure('calls', '100,000 due at once, everysec', 3, -3)}" in README
    assert f"{figure('POST', '32 connections, always', digits=-2)} jobs a second" in README
    assert f"{figure('lateness', '20 a second, 1,000,000 jobs stored: p50', digits=1)} ms after their instant" in README
