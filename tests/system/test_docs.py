"""Keeps the pages true: runs each command and compares its answer, previews each schedule, follows each link."""
import json
import os
import re
import subprocess
import sys
from urllib.parse import urlencode

import pytest

from harness import DIST, ROOT, wait_for
from pages import PAGES, blocks, commands, dead_links, read, rows
from sealing import Keys, admin
from target import status
from walkthrough import Walkthrough

SCHEDULES = {section: [row for row in table if row[0].startswith("`")] for section, table in rows("docs/schedules.md").items()}
NEW_YEAR = "2027-01-01T00:00:00Z"
BASE = ("*/5 * * * *", "/webhook", "ATMOST_ONCE")


# --- schedules ----------------------------------------------------------------------------------------------------


def preview(stack, schedule, since, count=2):
    answer = stack.get("/v1/schedule/preview?" + urlencode({"schedule": schedule, "from": since, "count": count}))
    return answer.status, answer.json


def shortened(instant):
    """An instant as the tables show it: without an offset, and without seconds if they are 0."""
    return re.sub(":00$", "", instant["local"][:19].replace("T", " "))


def rows_of(*sections, but=()):
    return [pytest.param(*(cell.strip("`") if n == 0 else cell for n, cell in enumerate(row)), id=row[0].strip("`"))
            for section, table in SCHEDULES.items() if section in sections or (but and section not in but) for row in table]


@pytest.mark.parametrize("schedule, means, then", rows_of(but=("Daylight saving", "Warnings", "Errors")))
def test_schedule_means_what_its_row_says(stack, schedule, means, then):
    code, answer = preview(stack, schedule, NEW_YEAR)
    assert code == 200, answer
    assert (answer["description"], ", ".join(map(shortened, answer["next"]))) == (means, then)


@pytest.mark.parametrize("schedule, since, then", rows_of("Daylight saving"))
def test_daylight_saving_is_as_its_row_says(stack, schedule, since, then):
    _, answer = preview(stack, schedule, since)
    assert ", ".join(" ".join(filter(None, (instant["local"], instant.get("dst")))) for instant in answer["next"]) == then


@pytest.mark.parametrize("schedule, warning", rows_of("Warnings"))
def test_warning_is_that_of_its_row(stack, schedule, warning):
    assert preview(stack, schedule, NEW_YEAR)[1]["warnings"] == [warning]


@pytest.mark.parametrize("schedule, message, offset", rows_of("Errors"))
def test_error_is_that_of_its_row(stack, schedule, message, offset):
    code, answer = preview(stack, schedule, NEW_YEAR)
    assert (code, answer["error"]["message"], str(answer["error"].get("offset", ""))) == (400, message, offset)


def test_all_macros_and_all_fields_have_a_row():
    source = (ROOT / "lib" / "cron" / "cron.h").read_text()
    macros = set(re.findall(r"@\w+", re.search(r"macros +(@.*?)\n \*\n|macros +(@.*?)durations", source, re.S)[0]))
    assert {row[0].strip("`") for row in SCHEDULES["Macros"]} == macros


# --- commands -----------------------------------------------------------------------------------------------------


@pytest.fixture
def walk(make_stack, home, own_target):
    """A walkthrough on a stack of its own."""
    own_target.hook("/webhook").answers(status(200))
    own_target.hook("/broken").answers(status(503))
    for above in (home, home.parent):
        above.chmod(0o711)  # root's stack runs as another user, who reads the key
    stack = make_stack(FCGI_PROCESSES=4, SECRETS_PUBLIC_KEY=Keys(home).public).start()
    folder = home / "walk"
    folder.mkdir()
    return Walkthrough(stack, folder, example_com=own_target.url(""), ops_example_com=own_target.url("").replace("127.0.0.1", "localhost"))


# The tests that run the commands of these sections. This file runs all others.
ELSEWHERE = {
    "docs/redis.md": {"Who may do what in Redis": "test_redis_user.py"},
    "docs/api.md": {"Keys": "test_commands_about_keys_work"},
    "docs/security.md": {"Before it stands on a network": "test_commands_about_keys_work"},
    "docs/access.md": {"Who may ask: keys": "test_commands_about_keys_work", "Who did what: the trail": "test_commands_about_keys_work"},
    "docs/secrets.md": {"Secrets and signatures": "test_command_that_makes_the_seal_key_works"},
    "README.md": {"Quick start": "tests/deploy", "One job, one call, one why": "test_readme.py"},
    "docs/operations.md": {"On the machine": "tests/deploy", "systemd": "tests/deploy", "nginx and spawn-fcgi": "tests/deploy",
                           "Replacing it while it works": "tests/deploy"},
}


def played(page):
    return [block for block in commands(page) if block.section not in ELSEWHERE.get(page, {})]


@pytest.mark.parametrize("page", ["docs/schedules.md", "docs/configuration.md", "docs/operations.md"])
def test_commands_of_the_page_work(walk, page):
    walk.stack.schedule("@daily", walk.hosts["example.com"] + "/daily")
    for block in played(page):
        walk.play(block)


def base_job(walk, calls=1):
    """Each section begins with the job of the page's first example, as it was created, and with one call of it."""
    stack = walk.stack
    for job_id in stack.all_jobs():
        stack.delete(job_id)
    job_id = stack.schedule(BASE[0], walk.hosts["example.com"] + BASE[1], BASE[2])
    for _ in range(calls):
        stack.run(job_id)
    stack.wait_for_executions(job_id, calls)
    return job_id


def thrice_called(walk):
    with walk.stack.redis() as db:
        for key in db.keys("dronc:*:executions"):
            db.delete(key)  # what other sections called
    base_job(walk, 3)


def dead_occurrences(walk):
    """Two occurrences of that job, whose target fails until they are dead. The page's example is the latest of them."""
    job_id = base_job(walk)
    walk.stack.patch(job_id, {"type": "ATLEAST_ONCE", "retry": {"min_backoff_ms": 1, "max_backoff_ms": 1}, "api": walk.hosts["example.com"] + "/broken"})
    for _ in range(2):
        walk.stack.run(job_id)
    dead = wait_for(lambda: (lambda dead: len(dead) == 2 and dead)(walk.stack.get("/v1/dead").json["dead"]), 10, "two dead occurrences")
    walk.known["dead:31749f5d…6495:1772953200000"] = dead[0]["id"]


def paused_jobs(walk):
    base_job(walk)
    for n in range(3):
        walk.stack.pause(walk.stack.schedule("@daily", f"{walk.hosts['example.com']}/{n}"))


SCENES = {"List jobs": paused_jobs, "Page by page": thrice_called,
          **dict.fromkeys(("Dead letters", "Redrive", "Discard", "Redrive many", "Discard many"), dead_occurrences)}


def test_commands_of_the_api_work(walk):
    section = None
    for block in played("docs/api.md"):
        if block.section != section:
            section = block.section
            SCENES.get(section, base_job)(walk)
        walk.play(block)


def test_commands_about_keys_work(walk):
    for block in (block for block in commands("docs/api.md") if block.section == "Keys"):
        walk.stack.schedule("@daily", walk.hosts["example.com"] + "/daily")
        walk.play(block)
    for block in commands("docs/security.md") + commands("docs/access.md", "Who may ask: keys") + commands("docs/access.md", "Who did what: the trail"):
        ids = re.findall(r"^(\w{12})  valid", walk.run("dist/dronc-admin key list")[0], re.M)
        # Of all keys only the first one has its scopes by itself.
        walk.run(re.sub(r"\bID\b", ids[0], block.text.replace("key create  ", "key create --scopes '*'  ")))
    assert re.search(r"^\w{12}  valid .* reader +jobs:read,executions:read$", walk.run("dist/dronc-admin key list")[0], re.M)


def test_command_that_makes_the_seal_key_works(home):
    block, = commands("docs/secrets.md")
    words = re.match(r"dronc-admin (seal-key new) /etc/dronc/(\S+) ", block.text)
    admin(*words[1].split(), home / words[2])
    assert (home / f"{words[2]}.pub").exists()


def test_every_command_is_run_by_some_test():
    here = {"docs/schedules.md", "docs/configuration.md", "docs/operations.md", "docs/api.md"}
    for page in PAGES:
        name = str(page.relative_to(ROOT))
        for block in commands(name):
            assert name in here or block.section in ELSEWHERE.get(name, {}), f"{name}, {block.section}: who runs this?\n{block.text}"


def test_make_targets_that_the_pages_name_are_there():
    makefile = read("Makefile")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    known_rows = set(re.findall(r"row_(\w+)\.py", " ".join(os.listdir(ROOT / "tests" / "bench")))) | {"tls", "hosts", "growth", "startup"}
    for page in PAGES:
        for line in re.findall(r"`make ([^`]+)`|^ {4}make (.+?)(?:  +#.*)?$", page.read_text(), re.M):
            words = "".join(line).split()
            for word in words:
                name, _, value = word.partition("=")
                if not value:
                    assert word in targets, f"{page.name}: make {word}"
                elif name == "ROWS":
                    assert set(value.split(",")) <= known_rows, f"{page.name}: {word}"
                else:
                    assert name in makefile or name in ("CC",), f"{page.name}: {word}"


# --- what pages name ----------------------------------------------------------------------------------------------


def test_no_link_is_dead():
    more = [ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md") if (ROOT / name).exists()]
    assert not list(dead_links([*PAGES, *more]))


def test_installed_pages_are_complete(tmp_path):
    subprocess.run([ROOT / "scripts" / "install"], check=True, capture_output=True, cwd=ROOT,
                   env={"PATH": os.environ["PATH"], "DESTDIR": str(tmp_path), "DIST": str(DIST)})
    folder = tmp_path / "usr" / "local" / "share" / "doc" / "dronc"
    pages = sorted(folder.rglob("*.md"))
    assert {page.name for page in PAGES} <= {page.name for page in pages}
    assert not list(dead_links(pages, outside=lambda path: True))


def names_in(table):
    """The names in backquotes in the first two cells of each row."""
    return {name for row in table for cell in row[:2] for name in re.findall(r"`([^`]+)`", cell)}


def test_the_api_page_has_all_that_the_document_has():
    document, page = json.loads(read("fcgi/api/openapi.json")), rows("docs/api.md")
    schemas = document["components"]["schemas"]
    for names, section in ((document["paths"], "HTTP API"), (schemas["JobFields"]["properties"], "Schedule a call"),
                           (schemas["Success"]["properties"], "Success"), (schemas["Retry"]["properties"], "Retries"),
                           (schemas["Execution"]["properties"], "Executions"), (schemas["Preview"]["properties"], "Preview a schedule")):
        assert set(names) <= names_in(page[section]), section
    for code in schemas["ErrorCode"]["enum"]:
        assert f"`{code}`" in read("docs/api.md"), code


def test_files_and_guards_that_the_pages_name_are_there():
    sys.path.insert(0, str(ROOT / "tests" / "chaos"))
    try:
        import mutants
    finally:
        sys.path.pop(0)
    guards = {mutant.name for mutant in mutants.MUTANTS}
    for page in PAGES:
        for path in re.findall(r"`((?:tests|lib|fcgi|runner|nginx|redis|scripts|systemd|docker)/[\w./-]+\.\w+)`", page.read_text()):
            assert (ROOT / path).exists(), f"{page.name}: {path}"
    named = re.findall(r"mutants? ((?:[,\s]*(?:and )?`[\w-]+`)+)", read("docs/promises.md"))
    assert named
    for name in re.findall(r"`([\w-]+)`", " ".join(named)):
        assert name in guards, f"docs/promises.md: {name}"


def test_functions_that_the_page_on_libcurl_names_are_there():
    sources = "".join(path.read_text() for folder in ("lib", "runner") for path in (ROOT / folder).rglob("*.[ch]"))
    for row in rows("docs/libcurl.md")["What the runner does itself"]:
        for name in re.findall(r"`(\w+)`", row[2]):
            assert re.search(rf"\b{name}\(", sources), name
        for name in re.findall(r"`(\w+\.[ch])`", row[2]):
            assert list((ROOT / "runner").rglob(name)), name


def test_events_that_the_page_names_are_logged():
    sources = "".join(path.read_text() for folder in ("lib", "fcgi", "runner") for path in (ROOT / folder).rglob("*.c"))
    for level, event, *_ in rows("docs/operations.md")["The log"]:
        for name in re.findall(r"`([^`]+)`", event):
            assert f'"{name}' in sources, name
            assert name == "bug:" or re.search(rf'log_{level}\(\s*"{re.escape(name)}"', sources), f"{name} is not a {level}"


def test_examples_are_json():
    for page in PAGES:
        for block in blocks(page.relative_to(ROOT)):
            if block.kind == "json":
                for line in block.text.splitlines():
                    assert json.loads(line.replace("…", "")), line
