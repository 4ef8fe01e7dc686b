"""docs/redis.md and the scripts beside lib/store/contract.def. No program runs."""
import re
import shutil
import subprocess

import pytest

import contract

PAGE = (contract.ROOT / "docs" / "redis.md").read_text()
LUA = contract.STORE / "lua"
WHAT_FOLLOWS = {"SHARD": "", "ID": ":<id>", "RUNNER": ":<runner>"}


def section(title):
    return re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#|\Z)", PAGE, re.M | re.S)[2]


def first_column(text):
    return re.findall(r"^\| (`[^|]*) \|", text, re.M)


def words(text):
    return set(re.findall(r"`([^`]+)`", text))


def test_page_has_each_key():
    spelled = {"dronc:idem:{<64 hex digits>}", "dronc:rate:{<id>}", "dronc:wake", "dronc:key:<id>", "dronc:secret:{default}", "dronc:signing:{default}",
               "dronc:{s}:jobs:<bucket>"}
    for spelling, scope in contract.KEYS.values():
        if scope == "GLOBAL":
            spelled.add(spelling)
        elif scope != "OWN":
            spelled.add(f"dronc:{{s}}:{spelling}{WHAT_FOLLOWS[scope]}")
    assert set(map(lambda text: text.strip("`"), first_column(section("Keys")))) == spelled


def test_page_has_each_script():
    assert {text.strip("`") for text in first_column(section("The scripts"))} == set(contract.SCRIPTS)


def test_page_has_each_field_of_a_job_besides_its_definition():
    columns = set().union(*map(words, first_column(section("A job's hash"))))
    assert columns == {*contract.STATE_FIELDS, *contract.OTHER_FIELDS, "notice:<instant>"}


@pytest.mark.parametrize("title, groups", [("A claim", ["CLAIM", "KIND"]), ("A record", ["OUTCOME", "RECORD"]), ("Notices", ["NOTICE"]), ("The trail", ["TRAIL"])])
def test_page_has_each_letter(title, groups):
    text = section(title)
    codes = {value for (group, _), value in contract.CODES.items() if group in groups}
    assert codes <= words(text)
    letters = {word for word in words(text) if len(word) == 1 and word.isalpha()}
    assert letters <= codes | {"l"}


def test_page_has_each_outcome():
    assert dict(re.findall(r"`(\w)` (succeeded|failed|unknown|lost|missed|cancelled|skipped)", section("A record"))) == {
        value: name.lower() for (group, name), value in contract.CODES.items() if group == "OUTCOME"}


def test_contract_has_each_script():
    assert {path.stem for path in LUA.glob("*.lua")} == set(contract.SCRIPTS)


def test_scripts_name_their_keys_and_arguments():
    for path in LUA.rglob("*.lua"):
        assert not re.search(r"\b(KEYS|ARGV)\b", path.read_text()), path


@pytest.mark.parametrize("name", list(contract.SCRIPTS))
def test_script_is_short_of_what_redis_takes_unasked(name):
    assert len(contract.source(name).encode()) <= 16384 - 3 * 1024


def test_line_of_a_script_leads_to_its_source():
    """As Redis names it."""
    lines = contract.source("start").split("\n")
    number = 1 + next(n for n, line in enumerate(lines) if "claim.ticket~=ticket" in line)
    place = contract.subprocess.check_output([contract.ROOT / "scripts" / "lua-source", LUA, "start", str(number)], text=True).strip()
    file, line = place.split(":")
    assert "claim.ticket ~= ticket" in (LUA / file).read_text().split("\n")[int(line) - 1]


def link(home, line):
    """What becomes of a line at the end of a script."""
    shutil.copytree(contract.STORE, home / "store")
    with open(home / "store" / "lua" / "tidy.lua", "a") as script:
        script.write(line + "\n")
    done = subprocess.run([contract.ROOT / "scripts" / "lua-source", home / "store" / "lua", "tidy"], capture_output=True, text=True)
    return done.returncode == 0 and done.stdout.rstrip("\n").split("\n")[-1]


@pytest.mark.parametrize("line, linked", [
    ("return 'a  -- b' .. ' c' -- d", "return'a  -- b c'"), (r"return 'it\'s' .. '  x'", r"return'it\'s  x'"), ("return 1 .. 2 - -3", "return 1 ..2- -3"),
    ("return #'a' .. 'b'", "return#'a'..'b'"), (r"return '\1' .. '2'", r"return'\1'..'2'"), (r"return '\12' .. '3'", r"return'\12'..'3'"),
    ("return a[b[1]]", "return a[b[1]]")])
def test_a_linked_line_means_what_it_says(home, line, linked):
    assert link(home, line) == linked


@pytest.mark.parametrize("line", ["return [[a  b]]", "return [==[a  b]==]", 'return "a"', "return 'a", "--[[ a", "return 1 --[=[ a"])
def test_what_cannot_be_linked_is_refused(home, line):
    assert not link(home, line)
