"""The settings are stated once, in the table of lib/base/config.c. Whatever else lists them says the same: the documentation,
dronc.env.example, docker-compose.yml and scripts/run."""
import re
import subprocess

import pytest

from harness import DIST, ROOT, environment

PAGE = next(path for path in (ROOT / "docs" / "configuration.md", ROOT / "README.md") if path.exists())
OF_THE_STACK = {"HTTP_PORT", "DATA_DIR"}  # settings of `make run` and Docker, not of a program
FIXED_IN_DOCKER = {"REDIS_HOST", "REDIS_PORT", "REDIS_SOCKET", "REDIS_USERNAME", "REDIS_PASSWORD", "REDIS_DB", "TZDIR"}


def table_of(program):
    """name → (default, help), from the table itself."""
    text = subprocess.run([DIST / program, "--help"], env=environment(), capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^  ([A-Z_]+) +(\S+) +(.+)$", text.partition("\nSettings,")[2], re.M)
    assert len(rows) > 5
    return {name: ("" if default == "-" else default, text) for name, default, text in rows}


HANDLER, RUNNER = table_of("dronc-fcgi"), table_of("dronc-runner")
TABLE = {**HANDLER, **RUNNER}
DEFAULTS = {name: default for name, (default, _) in TABLE.items()}


def bounds_in(text):
    """The first "<number> to <number>" in it."""
    found = re.search(r"\b(\d[\d,]*) to (\d[\d,]*)\b", text)
    return found and tuple(int(number.replace(",", "")) for number in found.groups())


def documented(page):
    """name → (default, meaning), of the tables of settings. A row may have several, with their defaults in the same order."""
    rows = {}
    for table in re.findall(r"^\| (?:setting|variable) \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", page, re.M):
        for line in table.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            names = re.findall(r"`([A-Z][A-Z_]+)`", cells[0])
            defaults = [re.sub(r"^[^`]*$", "", text.strip()).strip("`") for text in cells[1].split(",")]
            for name, default in zip(names, defaults + [""] * len(names)):
                assert name not in rows, f"{name} stands there twice"
                rows[name] = default, cells[-1]
    return rows


def test_two_programs_agree_on_the_settings_that_both_have():
    assert {name: HANDLER[name] for name in HANDLER if name in RUNNER} == {name: RUNNER[name] for name in RUNNER if name in HANDLER}


@pytest.mark.parametrize("program, table", [("dronc-fcgi", HANDLER), ("dronc-runner", RUNNER)])
def test_print_config_prints_the_defaults(program, table):
    text = subprocess.run([DIST / program, "--print-config"], env=environment(), capture_output=True, text=True, check=True).stdout
    printed = dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.M))
    assert printed.pop("LOG_FORMAT") == "json"  # its default depends on the terminal
    assert printed == {name: default for name, (default, _) in table.items() if name != "LOG_FORMAT"}


def test_documentation_has_every_setting_with_its_default():
    rows = documented(PAGE.read_text())
    assert set(rows) - OF_THE_STACK == set(TABLE)
    assert {name: rows[name][0] for name in TABLE} == DEFAULTS


def test_documentation_has_the_bounds_that_it_names():
    for name, (_, meaning) in documented(PAGE.read_text()).items():
        assert bounds_in(meaning) in (None, bounds_in(TABLE.get(name, ("", ""))[1])), name


def test_env_example_has_every_setting_with_its_default():
    """A line that is a comment states the default, or an example where the default is empty."""
    lines = re.findall(r"^(#?)([A-Z_]+)=(.*)$", (ROOT / "systemd" / "dronc.env.example").read_text(), re.M)
    assert sorted(name for _, name, _ in lines) == sorted(TABLE)
    for comment, name, value in lines:
        assert value == DEFAULTS[name] or comment and DEFAULTS[name] == "", name


def passed_on(text):
    """name → default, of every `NAME: ${NAME:-default}`."""
    pairs = re.findall(r"^ +([A-Z_]+): \$\{([A-Z_]+):-([^}]*)\}$", text, re.M)
    assert all(name == variable for name, variable, _ in pairs)
    return {name: default for name, _, default in pairs}


@pytest.mark.parametrize("service, table", [("handler", HANDLER), ("runner", RUNNER)])
def test_compose_passes_every_setting_on(service, table):
    text = (ROOT / "docker-compose.yml").read_text()
    shared = re.search(r"^x-dronc:.*?(?=^\S|\Z)", text, re.M | re.S)[0]
    own = re.search(rf"^  {service}:.*?(?=^  \S|^\S|\Z)", text, re.M | re.S)[0]
    passed = passed_on(shared) | passed_on(own)
    assert set(passed) == set(table) - FIXED_IN_DOCKER
    assert all(default in ("", DEFAULTS[name]) for name, default in passed.items())


def test_run_script_names_every_setting_and_repeats_no_other_default():
    text = (ROOT / "scripts" / "run").read_text()
    usage = re.search(r"cat <<'TEXT'\n(.*?)\nTEXT\n", text, re.S)[1]
    settings = usage.partition("Settings,")[2].partition("\nCtrl-C")[0]
    assert set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b|\bTZDIR\b|\bTARGETS\b", settings)) == set(TABLE) | OF_THE_STACK
    for name, default in re.findall(r"\$\{([A-Z_]+):-([^}]+)\}", text):
        assert default == DEFAULTS.get(name, default), name
