"""Time zones of jobs: the field, the default, and a new tzdata while everything runs."""
import os
import shutil
import signal
import struct
import time

import pytest

from harness import NEVER_SOON, ROOT, CgiClient, at_second, id_bytes, job_key, key_of, soon, wait_for

ZONES = ROOT / "tests" / "vectors" / "zoneinfo"
URL = "http://127.0.0.1:9/zone"
JOB = {"schedule": NEVER_SOON, "api": URL, "type": "ATMOST_ONCE"}


def due(db, job_id):
    """When the job is due, in Unix seconds."""
    score = db.zscore(key_of(job_id, "due"), id_bytes(job_id))
    return score if score is None else score / 1000


# --- the field ----------------------------------------------------------------------------------------------------


def test_timezone_is_echoed_and_utc_by_default(stack):
    assert stack.post(JOB).json["timezone"] == "UTC"
    assert stack.post({**JOB, "timezone": "Europe/Berlin"}).json["timezone"] == "Europe/Berlin"
    assert stack.post({**JOB, "schedule": "TZ=Asia/Tokyo " + NEVER_SOON}).json["timezone"] == "Asia/Tokyo"


def test_timezone_decides_when_a_job_is_due(stack):
    ids = [stack.post({**JOB, "schedule": "0 0 1 7 *", "timezone": zone}).json["job_id"]
           for zone in ("UTC", "Europe/Berlin", "America/New_York")]
    with stack.redis() as db:
        utc, berlin, new_york = (due(db, job_id) for job_id in ids)
    assert (utc - berlin, new_york - utc) == (2 * 3600, 4 * 3600)


def test_field_and_prefix_are_the_same_job(stack):
    prefix, field, both = (stack.post({**JOB, **more}).json["job_id"] for more in (
        {"schedule": "CRON_TZ=Europe/Berlin " + NEVER_SOON}, {"timezone": "Europe/Berlin"},
        {"schedule": "TZ=Europe/Berlin " + NEVER_SOON, "timezone": "Europe/Berlin"}))
    assert prefix == field == both != stack.post(JOB).json["job_id"]
    assert stack.post(JOB).json["job_id"] == stack.post({**JOB, "timezone": "UTC"}).json["job_id"]


def test_zone_is_stored_unless_it_is_utc(stack):
    ids = [stack.post({**JOB, "timezone": zone}).json["job_id"] for zone in ("Europe/Berlin", "UTC")]
    with stack.redis() as db:
        assert [db.hget(job_key(job_id), "timezone") for job_id in ids] == [b"Europe/Berlin", None]


@pytest.mark.parametrize("more, code, field", [
    ({"timezone": ""}, "INVALID_REQUEST", "timezone"), ({"timezone": None}, "INVALID_REQUEST", "timezone"),
    ({"timezone": 1}, "INVALID_REQUEST", "timezone"), ({"timezone": "Europe/Nowhere"}, "VALIDATION_ERROR", "timezone"),
    ({"timezone": "europe/berlin"}, "VALIDATION_ERROR", "timezone"), ({"timezone": "+01:00"}, "VALIDATION_ERROR", "timezone"),
    ({"timezone": "../../etc/passwd"}, "VALIDATION_ERROR", "timezone"), ({"timezone": "Europe"}, "VALIDATION_ERROR", "timezone"),
    ({"timezone": "x" * 65}, "VALIDATION_ERROR", "timezone"), ({"timezone": "tzdata.zi"}, "VALIDATION_ERROR", "timezone"),
    ({"schedule": "TZ=Europe/Rome " + NEVER_SOON, "timezone": "Europe/Berlin"}, "VALIDATION_ERROR", "timezone"),
    ({"schedule": "TZ=Europe/Rome " + NEVER_SOON, "timezone": "UTC"}, "VALIDATION_ERROR", "timezone"),
    ({"schedule": "TZ=Europe/Nowhere " + NEVER_SOON}, "JOB_CREATION_FAILED", "schedule"),
])
def test_bad_zone_is_refused(stack, more, code, field):
    answer = stack.post({**JOB, **more})
    assert (answer.status, answer.code, answer.error["field"]) == (400, code, field)


def test_disagreement_names_both(stack):
    message = stack.post({**JOB, "schedule": "TZ=Europe/Rome " + NEVER_SOON, "timezone": "Europe/Berlin"}).error["message"]
    assert "Europe/Rome" in message and "Europe/Berlin" in message


def test_job_with_a_zone_is_called(stack, hook):
    """The runner reads the zone with the job."""
    instant = soon()
    local = time.gmtime(instant + 9 * 3600)  # Tokyo has had no daylight saving for seventy years
    schedule = f"{local.tm_sec} {local.tm_min} {local.tm_hour} {local.tm_mday} {local.tm_mon} ? {local.tm_year}"
    stack.post({"schedule": schedule, "api": hook.url, "type": "ATMOST_ONCE", "timezone": "Asia/Tokyo"})
    assert hook.wait_for_calls(1)[0].scheduled == instant


# --- the default --------------------------------------------------------------------------------------------------


def test_default_is_a_setting_of_the_handler(make_handler):
    utc, berlin = make_handler(), make_handler(DRONC_TIMEZONE="Europe/Berlin")
    assert berlin.post(JOB).json["timezone"] == "Europe/Berlin"
    assert berlin.post({**JOB, "timezone": "UTC"}).json["job_id"] == utc.post(JOB).json["job_id"]
    assert utc.post({**JOB, "timezone": "Europe/Berlin"}).json["job_id"] == berlin.post(JOB).json["job_id"]
    assert berlin.post({**JOB, "schedule": "TZ=Asia/Tokyo " + NEVER_SOON}).json["timezone"] == "Asia/Tokyo"


def test_default_is_passed_on_by_the_stack(make_stack):
    stack = make_stack(DRONC_TIMEZONE="Europe/Berlin").start()
    assert stack.post(JOB).json["timezone"] == "Europe/Berlin"
    assert stack.stop() == 0


@pytest.mark.parametrize("value", ["Europe/Nowhere", "../etc/passwd", "+01:00", "Europe", "x" * 65])
def test_bad_default_is_refused_by_name(make_stack, home, redis, value):
    code, lines = make_stack(DRONC_TIMEZONE=value).fail_to_start()
    assert code == 2 and len(lines) == 1 and lines[0].startswith("DRONC_TIMEZONE: "), lines
    with pytest.raises(AssertionError, match="returncode=2"):
        CgiClient(home, redis, DRONC_TIMEZONE=value).get("/health")


# --- a new tzdata -------------------------------------------------------------------------------------------------


def fixed_zone(offset_s):
    """A zone file without any change of the clocks."""
    hours, rest = divmod(abs(offset_s), 3600)
    name = f"{'-' if offset_s > 0 else '+'}{hours}:{rest // 60:02}:{rest % 60:02}"  # POSIX counts west
    block = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 4)
    data = struct.pack(">lBB4s", offset_s, 0, 0, b"ABC\0")
    return block + data + block + data + f"\n<ABC>{name}\n".encode()


class Tzdata:
    """A directory of zone files that the test may change."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(ZONES, folder)

    def put(self, name, data):
        """As a package manager does: at once or not at all."""
        path = self.folder / name
        path.with_name("new").write_bytes(data)
        os.replace(path.with_name("new"), path)


@pytest.fixture
def tzdata(home):
    return Tzdata(home / "zoneinfo")


@pytest.fixture
def make_zone_runner(make_runner, tzdata):
    return lambda: make_runner(TZDIR=tzdata.folder)


def reload(*runners):
    """SIGHUP, and wait until all jobs have been looked at."""
    before = [len(runner.events("next instants looked at")) for runner in runners]
    for runner in runners:
        runner.signal(signal.SIGHUP)
    for runner, count in zip(runners, before):
        wait_for(lambda r=runner, c=count: len(r.events("next instants looked at")) > c, what="the jobs were looked at")
    return sum(runner.events("next instants looked at")[-1]["moved"] for runner in runners)


def test_job_moves_with_its_zone(make_zone_runner, make_handler, tzdata, redis):
    tzdata.put("Europe/Berlin", fixed_zone(3600))
    runner, handler = make_zone_runner(), make_handler(TZDIR=tzdata.folder)
    job = {**JOB, "schedule": "0 0 1 7 *"}
    moved, other, prefix = (handler.post({**job, **more}).json["job_id"] for more in (
        {"timezone": "Europe/Berlin"}, {"timezone": "Europe/London"}, {"schedule": "TZ=Europe/Berlin 0 12 1 7 *"}))
    with redis.client() as db:
        before = [due(db, job_id) for job_id in (moved, other, prefix)]
        tzdata.put("Europe/Berlin", fixed_zone(7200))
        assert reload(runner) == 2
        assert [due(db, job_id) for job_id in (moved, other, prefix)] == [before[0] - 3600, before[1], before[2] - 3600]
        assert reload(runner) == 0


def test_every_job_of_many_is_looked_at_and_two_runners_do_it_once(make_zone_runner, make_handler, tzdata, redis):
    tzdata.put("Europe/Berlin", fixed_zone(3600))
    runners, handler = [make_zone_runner(), make_zone_runner()], make_handler(TZDIR=tzdata.folder)
    first = handler.post({**JOB, "schedule": "0 0 1 7 *", "timezone": "Europe/Berlin"}).json["job_id"]
    with redis.client() as db:
        at, hash_of_first = due(db, first), db.hgetall(job_key(first))
        pipe = db.pipeline()
        for i in range(5000):
            job_id = "capi:" + f"{i * 7919:064x}"[::-1]
            pipe.hset(job_key(job_id), mapping=hash_of_first)
            pipe.zadd(key_of(job_id, "due"), {id_bytes(job_id): at * 1000})
        pipe.execute()
        tzdata.put("Europe/Berlin", fixed_zone(7200))
        assert reload(*runners) == 5001
        scores = {score for shard in range(16) for _, score in db.zrange(f"dronc:{{{shard}}}:due", 0, -1, withscores=True)}
        assert scores == {(at - 3600) * 1000}


def test_runner_wakes_for_what_has_become_earlier(make_zone_runner, make_handler, tzdata, hook):
    """Due in an hour, and by the new rules in a few seconds."""
    tzdata.put("Europe/Berlin", fixed_zone(0))
    runner, handler = make_zone_runner(), make_handler(TZDIR=tzdata.folder)
    instant = soon(4)
    local = time.gmtime(instant + 3600)
    schedule = f"{local.tm_sec} {local.tm_min} {local.tm_hour} * * *"
    handler.post({"schedule": schedule, "api": hook.url, "type": "ATMOST_ONCE", "timezone": "Europe/Berlin"})
    tzdata.put("Europe/Berlin", fixed_zone(3600))
    assert reload(runner) == 1
    assert hook.wait_for_calls(1)[0].scheduled == instant


def test_nothing_runs_twice_or_is_lost_when_the_clock_is_put(make_zone_runner, make_handler, tzdata, redis, hook):
    """Once at this local time, then the clock goes back an hour: the same local time must not come again, and tomorrow's does."""
    tzdata.put("Europe/Berlin", fixed_zone(3600))
    runner, handler = make_zone_runner(), make_handler(TZDIR=tzdata.folder)
    instant = soon()
    local = time.gmtime(instant + 3600)
    schedule = f"{local.tm_sec} {local.tm_min} {local.tm_hour} * * *"
    job_id = handler.post({"schedule": schedule, "api": hook.url, "type": "ATMOST_ONCE", "timezone": "Europe/Berlin"}).json["job_id"]
    hook.wait_for_calls(1)
    with redis.client() as db:
        assert due(db, job_id) == instant + 86400
        tzdata.put("Europe/Berlin", fixed_zone(0))
        assert reload(runner) == 1
        assert due(db, job_id) == instant + 86400 + 3600


def test_what_is_over_by_the_new_rules_is_made_up_for(make_zone_runner, make_handler, tzdata, redis, hook):
    """Two jobs of one zone, so that the runner knows its old rules: one has run; the other is due in half an hour, which by the
    new rules was half an hour ago."""
    tzdata.put("Europe/Berlin", fixed_zone(0))
    runner, handler = make_zone_runner(), make_handler(TZDIR=tzdata.folder)
    now = soon()
    zone = {"type": "ATMOST_ONCE", "timezone": "Europe/Berlin"}
    handler.post({"schedule": at_second(now), "api": hook.url, **zone})
    hook.wait_for_calls(1)
    local = time.gmtime(now + 1800)
    job_id = handler.post({"schedule": f"{local.tm_sec} {local.tm_min} {local.tm_hour} * * *", "api": hook.url, **zone}).json["job_id"]
    tzdata.put("Europe/Berlin", fixed_zone(3600))
    assert reload(runner) == 1
    hook.wait_for_calls(2)
    with redis.client() as db:
        assert wait_for(lambda: due(db, job_id)) == now + 1800 - 3600 + 86400


def test_seconds_go_on_through_a_reload(make_zone_runner, make_handler, tzdata, hook):
    """A job of every second is claimed or started at any instant: all of its occurrences come, each once."""
    runner, handler = make_zone_runner(), make_handler(TZDIR=tzdata.folder)
    handler.post({"schedule": "* * * * * *", "api": hook.url, "type": "ATMOST_ONCE", "timezone": "Europe/Berlin"})
    hook.wait_for_calls(1)
    for offset in (0, 3600, 5400, 7200):
        tzdata.put("Europe/Berlin", fixed_zone(offset))
        reload(runner)
    count = len(hook.wait_for_calls(1))
    seconds = [call.scheduled for call in hook.wait_for_calls(count + 3)]
    assert seconds == [seconds[0] + i for i in range(len(seconds))]


def test_broken_zone_file_changes_nothing(make_zone_runner, make_handler, tzdata, redis, hook):
    tzdata.put("Europe/Berlin", fixed_zone(0))
    runner, handler = make_zone_runner(), make_handler(TZDIR=tzdata.folder)
    handler.post({"schedule": at_second(soon()), "api": hook.url, "type": "ATMOST_ONCE", "timezone": "Europe/Berlin"})
    hook.wait_for_calls(1)
    job_id = handler.post({**JOB, "timezone": "Europe/Berlin"}).json["job_id"]
    with redis.client() as db:
        before = due(db, job_id)
        tzdata.put("Europe/Berlin", b"TZif2 and then nothing")
        assert reload(runner) == 0
        assert due(db, job_id) == before
    assert wait_for(lambda: runner.events("time zone not read again"))[0]["zone"] == "Europe/Berlin"


def test_stack_passes_the_signal_on(make_stack, tzdata):
    tzdata.put("Europe/Berlin", fixed_zone(3600))
    stack = make_stack(TZDIR=tzdata.folder).start()
    job_id = stack.post({**JOB, "schedule": "0 0 1 7 *", "timezone": "Europe/Berlin"}).json["job_id"]
    with stack.redis() as db:
        before = due(db, job_id)
        tzdata.put("Europe/Berlin", fixed_zone(7200))
        stack.program.signal(signal.SIGHUP)
        assert wait_for(lambda: due(db, job_id) == before - 3600)
    assert stack.stop() == 0
