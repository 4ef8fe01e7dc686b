"""Reads an OpenAPI 3.1 document as strictly as the tests need it: what is described is all that there may be.

Clients should take answers as the document says, open: there may be more members one day. A test wants to know of each member that is
not described, so here they are closed.
"""
import json
import re

TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict, "array": list, "null": type(None)}
# What the checks below look at, and what only tells people something: a schema that holds anything else would not be checked.
CHECKED = {"$ref", "allOf", "anyOf", "const", "enum", "type", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems",
           "maxItems", "uniqueItems", "items", "required", "properties", "additionalProperties", "unevaluatedProperties", "maxProperties"}
TOLD = {"description", "default", "examples", "format", "contentEncoding"}


def is_json(kind):
    """One value of it: not what has one on each line, which is text here."""
    return kind == "application/json" or kind.endswith("+json")


class Operation:
    def __init__(self, document, path, method, node):
        self.document, self.path, self.method, self.node = document, path, method.upper(), node
        self.params = [document.resolve(p) for p in node.get("parameters", [])]
        self.body = document.resolve(node["requestBody"]) if "requestBody" in node else None
        self.responses = {status: document.resolve(r) for status, r in node["responses"].items()}

    def __repr__(self):
        return f"{self.method} {self.path}"

    def params_in(self, where):
        return [p for p in self.params if p["in"] == where]

    @property
    def json_body(self):
        return self.body and all(map(is_json, self.body["content"]))

    def bodies(self):
        """Of each type an example, as it is sent: (type, text)."""
        for kind, content in (self.body or {"content": {}})["content"].items():
            yield kind, json.dumps(content["example"]) if is_json(kind) else content["example"]

    @property
    def statuses(self):
        """Those that are described one by one."""
        return [int(status) for status in self.responses if status != "default"]

    def check(self, answer):
        """The answer must be one of those that are described."""
        assert answer.status in self.statuses, f"{self}: {answer} is not described"
        response = self.responses[str(answer.status)]
        for name, header in response.get("headers", {}).items():
            assert name.lower() in answer.headers or not self.document.resolve(header).get("required"), f"{self}: {answer} has no {name}"
        if "content" not in response:
            assert answer.body == b"" and "content-type" not in answer.headers, f"{self}: {answer} has a body"
            return
        kind = answer.headers["content-type"]
        assert kind in response["content"], f"{self}: {answer} is {kind}"
        value = answer.any_json if is_json(kind) else answer.body.decode()
        mistakes = list(self.document.mistakes(response["content"][kind]["schema"], value, str(self)))
        assert not mistakes, mistakes


class Document:
    def __init__(self, content):
        self.content = content
        self.operations = [Operation(self, path, method, node) for path, item in content["paths"].items() for method, node in item.items()]

    def at(self, ref):
        node = self.content
        assert ref.startswith("#/"), ref
        for name in ref[2:].split("/"):
            node = node[name]
        return node

    def resolve(self, node):
        return self.at(node["$ref"]) if "$ref" in node else node

    def flat(self, schema):
        """A schema with what its $ref says, for those who look at one keyword."""
        return {**(self.flat(self.at(schema["$ref"])) if "$ref" in schema else {}), **schema}

    def refs(self, node=None):
        """All references that there are."""
        node = self.content if node is None else node
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            node = list(node.values())
        if isinstance(node, list):
            for child in node:
                if isinstance(child, (dict, list)):
                    yield from self.refs(child)

    def schemas(self):
        """Every schema that can be reached, and what is inside of it: (place, schema)."""
        def walk(place, schema):
            yield place, schema
            for key, child in schema.get("properties", {}).items():
                yield from walk(f"{place}.{key}", child)
            for name in ("allOf", "anyOf"):
                for n, child in enumerate(schema.get(name, [])):
                    yield from walk(f"{place}.{name}[{n}]", child)
            for name in ("items", "additionalProperties"):
                if isinstance(schema.get(name), dict):
                    yield from walk(f"{place}.{name}", schema[name])
        for name, schema in self.content["components"]["schemas"].items():
            yield from walk(name, schema)
        for operation in self.operations:
            for param in operation.params:
                yield from walk(f"{operation} {param['name']}", param["schema"])

    # --- values ---------------------------------------------------------------------------------------------------

    def members(self, schema):
        """The members that an object may have; None: any."""
        if schema.get("additionalProperties", False) is not False or "anyOf" in schema:
            return None
        if not {"$ref", "allOf", "properties"} & set(schema):
            return None
        found = set(schema.get("properties", {}))
        for part in ([self.at(schema["$ref"])] if "$ref" in schema else []) + schema.get("allOf", []):
            more = self.members(part)
            if more is None:
                return None
            found |= more
        return found

    def mistakes(self, schema, value, place, closed=True):
        """What is wrong with a value."""
        if "$ref" in schema:
            yield from self.mistakes(self.at(schema["$ref"]), value, place, False)
        for part in schema.get("allOf", []):
            yield from self.mistakes(part, value, place, False)
        if "anyOf" in schema:
            branches = [list(self.mistakes(part, value, place)) for part in schema["anyOf"]]
            if all(branches):
                yield f"{place}: none of {branches}"
        if "const" in schema and value != schema["const"]:
            yield f"{place}: {value!r} is not {schema['const']!r}"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{place}: {value!r} is none of {schema['enum']}"
        kinds = schema.get("type", list(TYPES))
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if not any(isinstance(value, TYPES[k]) and not (k in ("integer", "number") and isinstance(value, bool)) for k in kinds):
            yield f"{place}: {value!r} is no {kinds}"
            return
        checks = {str: self._text, int: self._number, float: self._number, list: self._array, dict: self._object}
        if type(value) in checks:
            yield from checks[type(value)](schema, value, place)
        if closed and isinstance(value, dict) and self.members(schema) is not None:
            yield from (f"{place}: {name!r} is not described" for name in set(value) - self.members(schema))

    @staticmethod
    def _text(schema, value, place):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{place}: {value!r} is not like {schema['pattern']}"
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield f"{place}: length {len(value)}"

    @staticmethod
    def _number(schema, value, place):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            yield f"{place}: {value} is out of range"

    def _array(self, schema, value, place):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{place}: {len(value)} items"
        if schema.get("uniqueItems") and len(set(map(repr, value))) < len(value):
            yield f"{place}: an item is there twice"
        for n, item in enumerate(value):
            yield from self.mistakes(schema.get("items", {}), item, f"{place}[{n}]")

    def _object(self, schema, value, place):
        yield from (f"{place}: no {name!r}" for name in schema.get("required", []) if name not in value)
        if len(value) > schema.get("maxProperties", len(value)):
            yield f"{place}: {len(value)} members"
        known = schema.get("properties", {})
        other = schema.get("additionalProperties")
        for name, member in value.items():
            if name in known:
                yield from self.mistakes(known[name], member, f"{place}.{name}")
            elif isinstance(other, dict):
                yield from self.mistakes(other, member, f"{place}.{name}")
