"""GET /v1/schedule/preview, through nginx and all: what it answers, and that it is what scheduling does."""
from datetime import datetime, timezone
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from harness import NEVER_SOON, ROOT

FIELDS = ["schedule", "normalized", "timezone", "description", "warnings", "next"]


def preview(client, **query):
    """The query in names of its own: zone, since."""
    names = {"zone": "timezone", "since": "from"}
    return client.get("/v1/schedule/preview?" + urlencode({names.get(k, k): v for k, v in query.items()}))


def preview_of(client, **query):
    answer = preview(client, **query)
    assert answer.status == 200, answer
    assert list(answer.json) == FIELDS
    return answer.json


def test_preview_of_the_issue(stack):
    answer = preview_of(stack, schedule="30 2 * * *", zone="America/New_York", count=1, since="2026-03-08T06:00:00Z")
    assert answer["next"] == [{"unix": 1772953200, "utc": "2026-03-08T07:00:00Z", "local": "2026-03-08T03:00:00-04:00",
                               "dst": "moved"}]
    assert (answer["schedule"], answer["normalized"]) == ("30 2 * * *", "0 30 2 * * * *")
    assert (answer["timezone"], answer["warnings"]) == ("America/New_York", [])


def test_description_is_a_sentence(stack):
    assert preview_of(stack, schedule="30 9 * * 1-5")["description"] == "At 09:30 on weekdays"


def test_next_are_five_from_now_on(stack):
    before = datetime.now(timezone.utc).timestamp()
    instants = [item["unix"] for item in preview_of(stack, schedule="*/5 * * * *")["next"]]
    assert len(instants) == 5 and before < instants[0] <= before + 310
    assert instants == list(range(instants[0], instants[0] + 1500, 300))


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"])
def test_stamps_denote_the_same_instant(stack, zone):
    for item in preview_of(stack, schedule="15 */7 * * *", zone=zone, count=100, since="2026-09-01T00:00:00Z")["next"]:
        utc, local = (datetime.fromisoformat(item[name]) for name in ("utc", "local"))
        assert utc.timestamp() == local.timestamp() == item["unix"]
        assert local.replace(tzinfo=None) == datetime.fromtimestamp(item["unix"], ZoneInfo(zone)).replace(tzinfo=None)


@pytest.mark.parametrize("schedule, dst", [("30 2 * * *", "moved"), ("*/15 2 * * *", "merged"), ("0 4 * * *", None)])
def test_daylight_saving_is_marked(stack, schedule, dst):
    first, second = preview_of(stack, schedule=schedule, zone="America/New_York", count=2,
                               since="2026-03-08T06:50:00Z")["next"]
    assert first.get("dst") == dst
    assert "dst" not in second


@pytest.mark.parametrize("schedule, count", [("0 0 1 1 * 2000", 0), ("0 0 1 1 * 2030-2032", 3)])
def test_next_ends_where_the_schedule_ends(stack, schedule, count):
    assert len(preview_of(stack, schedule=schedule)["next"]) == count


def test_plus_has_to_be_escaped(stack):
    assert preview_of(stack, schedule="0 9 1-7 * +MON")["schedule"] == "0 9 1-7 * +MON"
    answer = stack.get("/v1/schedule/preview?schedule=0+9+1-7+*+%2BMON&from=2026-01-01T00:00:00%2B01:00&count=1")
    assert answer.json["next"][0]["utc"] == "2026-01-05T09:00:00Z"
    assert stack.get("/v1/schedule/preview?schedule=@daily&from=2026-01-01T00:00:00+01:00").error["field"] == "from"


@pytest.mark.parametrize("count", [1, 100])
def test_count_at_its_limits(stack, count):
    assert len(preview_of(stack, schedule="* * * * *", count=count)["next"]) == count


@pytest.mark.parametrize("query, code, field", [
    ({}, "INVALID_REQUEST", "schedule"), ({"schedule": ""}, "INVALID_REQUEST", "schedule"),
    ({"schedule": "60 * * * *"}, "JOB_CREATION_FAILED", "schedule"), ({"schedule": "nope"}, "JOB_CREATION_FAILED", "schedule"),
    ({"schedule": "0 0 30 2 *"}, "JOB_CREATION_FAILED", "schedule"), ({"schedule": "@reboot"}, "JOB_CREATION_FAILED", "schedule"),
    ({"schedule": "TZ=Europe/Nowhere 0 0 * * *"}, "JOB_CREATION_FAILED", "schedule"),
    ({"schedule": "0," * 600 + "0 * * * *"}, "JOB_CREATION_FAILED", "schedule"),
    ({"schedule": "@daily", "zone": ""}, "INVALID_REQUEST", "timezone"),
    ({"schedule": "@daily", "zone": "Europe/Nowhere"}, "VALIDATION_ERROR", "timezone"),
    ({"schedule": "@daily", "zone": "../../etc/passwd"}, "VALIDATION_ERROR", "timezone"),
    ({"schedule": "TZ=Europe/Berlin @daily", "zone": "Europe/Rome"}, "VALIDATION_ERROR", "timezone"),
    *[({"schedule": "@daily", "count": count}, "INVALID_REQUEST", "count") for count in ("", "0", "101", "-1", "x", "1e3", "5e-1", "9" * 30)],
    *[({"schedule": "@daily", "since": since}, "INVALID_REQUEST", "from")
      for since in ("", "now", "2026-01-01", "2026-01-01T00:00:00", "2016-12-31T23:59:60Z", "1969-12-31T00:00:00Z", "2200-01-01T00:00:00Z")],
    ({"schedule": "@daily", "limit": 1}, "INVALID_REQUEST", "limit"),
])
def test_bad_input_is_refused_by_name(stack, query, code, field):
    answer = preview(stack, **query)
    assert (answer.status, answer.code, answer.error.get("field")) == (400, code, field)


@pytest.mark.parametrize("schedule", ["60 * * * *", "0 9 * * 1-8", "0 0 30 2 *", "@reboot", "* * * *", "TZ=x/y @daily", "0 0 * * FOO"])
def test_errors_are_those_of_scheduling(stack, schedule):
    scheduled = stack.post({"schedule": schedule, "api": "http://127.0.0.1:9/", "type": "ATMOST_ONCE"})
    assert preview(stack, schedule=schedule).error == scheduled.error


def test_only_get_and_head(stack):
    answer = stack.request("POST", "/v1/schedule/preview", "{}", {"content_type": "application/json"})
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert stack.request("HEAD", "/v1/schedule/preview?schedule=@daily").status == 200


@pytest.mark.parametrize("schedule, said", [
    ("0 0 9 ? * 2-6", "Quartz"), ("*/40 * * * *", ":40"), ("0 0 1 * MON", "either"), ("0 0 9 * * *", "seconds"),
    ("@every 1.5s", "fraction"),
])
def test_warnings_are_those_of_scheduling(stack, schedule, said):
    warnings = preview_of(stack, schedule=schedule)["warnings"]
    assert any(said in warning for warning in warnings)
    scheduled = stack.post({"schedule": schedule, "api": "http://127.0.0.1:9/w", "type": "ATMOST_ONCE"})
    assert scheduled.json["warnings"] == warnings


def test_no_warnings_where_there_is_nothing_to_warn_of(stack):
    assert preview_of(stack, schedule=NEVER_SOON)["warnings"] == []
    answer = stack.post({"schedule": NEVER_SOON, "api": "http://127.0.0.1:9/w", "type": "ATMOST_ONCE"})
    assert "warnings" not in answer.json


def test_preview_needs_no_redis(make_handler, redis):
    handler = make_handler()
    redis.kill()
    assert len(preview_of(handler, schedule="@hourly")["next"]) == 5


def test_zones_come_from_tzdir(make_handler):
    handler = make_handler(TZDIR=ROOT / "tests" / "vectors" / "zoneinfo")
    assert preview_of(handler, schedule="@daily", zone="Pacific/Apia")["timezone"] == "Pacific/Apia"
    assert preview(handler, schedule="@daily", zone="Europe/Rome").code == "VALIDATION_ERROR"  # not among the vectors'
