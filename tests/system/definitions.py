"""Definitions of jobs: two that have every field between them, and for each field of openapi.json the definitions that differ in it alone."""
from world import BASE, DOCUMENT

COMMON = {
    "schedule": "*/40 0 0 29 2 ?", "api": "https://example.com/report?at={{scheduled_time}}", "timezone": "Europe/Berlin",
    "catch_up": "all", "catch_up_window_s": 3600, "catch_up_max": 7, "method": "POST", "timeout_ms": 5000, "connect_timeout_ms": 900,
    "headers": {f"X-Header-{n}": "value" * 40 for n in range(16)}, "follow_redirects": 3, "keep_response": True,
    "success": {"status": [200, "202-204", "3xx"], "body_contains": "ok" * 100}, "description": "words " * 100,
    "tags": ["reports", *(f"tag {n}" for n in range(15))], "overlap": "queue", "pause_after_failures": 9, "jitter_ms": 5000,
    "on_failure_url": "https://example.com/failing", "on_recovery_url": "https://example.com/well", "max_runs": 1000, "signing": "orders",
    "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2190-01-01T00:00:00Z"}
RETRY = {"max_attempts": 9, "min_backoff_ms": 10, "max_backoff_ms": 99, "multiplier": 1.5, "jitter": "none", "max_duration_ms": 60000}
FULL = [
    {**COMMON, "type": "ATLEAST_ONCE", "name": "hourly report", "body": "some text {{execution_id}} " * 300, "retry": RETRY, "retry_client_errors": True},
    {**COMMON, "type": "ATMOST_ONCE", "name": "hourly bytes", "body_base64": "AAAA" * 2000, "retry": RETRY, "retry_unsent": True}]

FIELDS = DOCUMENT.content["components"]["schemas"]["JobFields"]["properties"]

# Two values of each field whose schema does not say enough to make them up.
VALUES = {
    "catch_up": ("latest", "none"),
    "schedule": ("0 9 29 2 *", "0 10 29 2 *"),
    "timezone": ("Europe/Berlin", "America/New_York"),
    "headers": ({"X-Header": "one"}, {"X-Header": "two"}),
    "body_base64": ("AAEC", "AAED"),
    "success.status": ([200], ["3xx"]),
    "tags": (["one"], ["two"]),
    "overlap": ("skip", "queue")}


def members():
    """Each field, and each member of a field that is an object with members of its own: (its path, its schema)."""
    for name, schema in FIELDS.items():
        schema = DOCUMENT.flat(schema)
        if "properties" in schema:
            yield from ((f"{name}.{member}", DOCUMENT.flat(inner)) for member, inner in schema["properties"].items())
        else:
            yield name, schema


def values_of(path, schema):
    """Two values that differ from each other and from the default: one if there are no two."""
    if path in VALUES:
        return VALUES[path]
    default = schema.get("default")
    if "enum" in schema:
        return [value for value in schema["enum"] if value != default][:2]
    made = {"boolean": lambda: [not default],
            "integer": lambda: [schema["minimum"] + 1, schema["maximum"]],
            "number": lambda: [schema["minimum"], schema["maximum"]],
            "string": lambda: {"uri": ["http://127.0.0.1:9/one", "http://127.0.0.1:9/two"],
                               "date-time": ["2037-01-01T00:00:00Z", "2038-01-01T00:00:00Z"]}.get(schema.get("format"), ["one", "two"])}
    assert schema["type"] in made, f"{path}: VALUES of tests/system/definitions.py needs two values of it"
    return made[schema["type"]]()


def differing_in(path, schema):
    """Definitions that differ in this field alone. One does without it, unless it is required."""
    name, _, member = path.partition(".")
    base = {**BASE, "api": f"http://127.0.0.1:9/{path}"}
    others = [{**base, name: {member: value} if member else value} for value in values_of(path, schema)]
    return [base, *(other for other in others if other != base)]


def as_stored(definition):
    """How the API shows it: tags in the order of their bytes, and without what is the default of its type."""
    stored = {"timezone": "UTC", **definition}
    if "tags" in stored:
        stored["tags"] = sorted(stored["tags"])
    if (stored["type"], stored.get("catch_up")) == ("ATLEAST_ONCE", "all"):
        del stored["catch_up"]
    return stored
