"""The version is stated once, in lib/base/version.h. Whatever else has one has the same."""
import json
import re
import subprocess

import pytest

from harness import DIST, ROOT, VERSION, environment

CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
RELEASES = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", CHANGELOG, re.M)


def as_numbers(version):
    return tuple(int(part) for part in version.split("."))


@pytest.mark.parametrize("program", ["dronc-fcgi", "dronc-runner"])
def test_program_has_the_version(program):
    done = subprocess.run([DIST / program, "--version"], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == f"{program} {VERSION}\n"


def test_openapi_has_the_version():
    assert json.loads((ROOT / "fcgi" / "api" / "openapi.json").read_text())["info"]["version"] == VERSION


def test_changelog_begins_with_the_version():
    assert RELEASES[0][0] == VERSION


def test_changelog_has_each_version_once_newest_first():
    versions = [as_numbers(version) for version, _ in RELEASES]
    assert versions == sorted(set(versions), reverse=True)
    dates = [date for _, date in RELEASES]
    assert dates == sorted(dates, reverse=True)
    headings = re.findall(r"^## (.*)$", CHANGELOG, re.M)
    assert headings[0] == "[Unreleased]" and len(headings) == 1 + len(RELEASES), headings


def test_changelog_groups_are_those_of_keep_a_changelog():
    groups = set(re.findall(r"^### (.*)$", CHANGELOG, re.M))
    assert groups <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
