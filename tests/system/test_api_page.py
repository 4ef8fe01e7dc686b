"""docs/api.md lists the same routes, fields and limits as fcgi/api/openapi.json (which test_openapi compares with the code)."""
import json
import re

from harness import ROOT

PAGE = (ROOT / "docs" / "api.md").read_text()
OPENAPI = json.loads((ROOT / "fcgi" / "api" / "openapi.json").read_text())
FIELDS = OPENAPI["components"]["schemas"]["JobFields"]["properties"]


def rows_below(header):
    """The cells of the rows of the first table whose header fits the pattern."""
    lines = re.search(rf"^\| {header} \|\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.M)[1].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in lines]


def test_page_has_every_route():
    listed = {(method.lower(), path) for method, paths, *_ in rows_below(r"method \| path \| .*") for path in re.findall(r"`(/[^`]*)`", paths)}
    assert listed == {(method, path) for path, item in OPENAPI["paths"].items() for method in item if method in ("get", "post", "put", "patch", "delete")}


def documented_fields():
    """name → limit, as the page has it."""
    return {name: limit for names, _, limit in rows_below(r"field \| .* \| limit") for name in re.findall(r"`(\w+)`", names)}


def test_page_has_every_field():
    assert set(documented_fields()) == set(FIELDS)


def test_page_has_the_limits_of_numbers_and_texts():
    for name, limit in documented_fields().items():
        field, numbers = FIELDS[name], [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", limit)]
        if field.get("type") == "integer":
            assert numbers[:2] == [field["minimum"], field["maximum"]], name
        elif name != "body_base64" and re.search(r"\d bytes\b", limit) and "maxLength" in field:
            assert field["maxLength"] in numbers, name  # (that one's limit is of the bytes that the text stands for)
