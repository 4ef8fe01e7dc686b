"""A handler and what stands in openapi.json, so that all of it can be asked of the handler."""
import json
import time
from urllib.parse import quote, urlencode

from harness import NEVER_SOON, ROOT, Handler, Redis, admin, id_bytes, job_key, key_of, make_key
from openapi import Document
from planted import plant, plant_dead

DOCUMENT = Document(json.loads((ROOT / "fcgi" / "api" / "openapi.json").read_text()))
OPERATIONS = DOCUMENT.operations
START = 1_700_000_000_000  # ms
BASE = {"schedule": NEVER_SOON, "type": "ATLEAST_ONCE"}


class World:
    """A handler and its Redis, and no runner: nothing is called."""

    def __init__(self, home, *options, **settings):
        """options: of Redis'; settings: of the handler's."""
        home.mkdir(exist_ok=True)
        self.redis = Redis(home, *options).start()
        self.db = self.redis.client()
        admin("seal-key", "new", home / "seal.key")
        # There are keys: loopback would be closed.
        self.handler = Handler(home, self.redis, **{"TARGETS": "local", "SECRETS_PUBLIC_KEY": home / "seal.key.pub", **settings})
        self.count, self.instant = 0, START
        # One key may do everything, and goes along with each request; the other may do nothing that a route needs.
        self.handler.token = make_key(self.redis.settings())
        self.weak_token = make_key(self.redis.settings(), "--scopes", "self")
        self.keys = {key: self.db.dump(key) for key in self.db.keys("dronc:key*")}

    def close(self):
        self.handler.terminate()
        self.db.close()
        self.redis.kill()

    def empty(self):
        """Nothing is left in Redis but the two keys."""
        self.db.flushdb()
        self.forget_keys()

    def forget_keys(self):
        """Only the two keys are left: there is room for 500."""
        others = set(self.db.keys("dronc:key*")) - set(self.keys)
        for key, value in self.keys.items():
            self.db.restore(key, 0, value, replace=True)
        if others:
            self.db.delete(*others)

    def key(self):
        """The id of an API key that no other test knows."""
        self.count += 1
        if self.count % 200 == 0:
            self.forget_keys()
        body = json.dumps({"name": f"key {self.count}", "scopes": ["jobs:read"]})
        return self.handler.request("POST", "/v1/keys", body, {"content_type": "application/json"}).json["id"]

    def secret(self):
        """A name under which there are a secret and a signing key, and no other test knows it."""
        self.count += 1
        name, json_type = f"name-{self.count}", {"content_type": "application/json"}
        if self.db.hlen("dronc:secret:{default}") > 500:  # there may be 1,000
            self.db.delete("dronc:secret:{default}", "dronc:signing:{default}")
        self.handler.request("PUT", f"/v1/secrets/{name}", '{"value":"x","hosts":["h"]}', json_type)
        self.handler.request("POST", f"/v1/signing/{name}", "{}", json_type)
        return name

    def job(self, **fields):
        """A job that no other test knows."""
        self.count += 1
        return self.handler.schedule(BASE["schedule"], f"http://127.0.0.1:9/{self.count}", BASE["type"], **fields)

    def break_job(self, job_id):
        """A broken job, as a runner marks it."""
        self.db.hset(job_key(job_id), "schedule", "no schedule")
        self.db.zadd(key_of(job_id, "broken"), {id_bytes(job_id): START})
        self.db.zrem(key_of(job_id, "due"), id_bytes(job_id))

    def plant(self, *job_ids):
        """A record of each; the instant (ms) is later than all before."""
        self.instant += 1000
        plant(self.db, {job_id: [self.instant / 1000] for job_id in job_ids})
        return self.instant

    def value_of(self, schema, job_id):
        """What there is of the job under such an id; None: it is no id."""
        name = schema.get("$ref", "").rpartition("/")[2]
        if name == "ExecutionId":
            return f"exec:{job_id[5:]}:{self.plant(job_id)}:1"
        if name == "DeadId":
            due = int(time.time() * 1000) + 1000  # of this job, not of an earlier one of its id
            plant_dead(self.db, [(job_id, due)])
            return f"dead:{job_id[5:]}:{due}"
        if name == "KeyId":
            return self.key()
        if name == "SecretName":
            return self.secret()
        return job_id if name == "JobId" else None

    def uri(self, op, job_id, query=(), entry=None):
        path = op.path
        for p in op.params_in("path"):
            path = path.replace("{%s}" % p["name"], quote(entry or self.value_of(p["schema"], job_id), safe=":"))
        return f"{path}?{urlencode(query)}" if query else path

    def examples(self, op, job_id, required_only=False):
        """A query of examples. A client cannot make up a cursor."""
        query = {}
        for p in op.params_in("query"):
            if "example" in p and (p.get("required") or not required_only):
                value = self.value_of(p["schema"], job_id) or p["example"]
                query[p["name"]] = str(value).lower() if isinstance(value, bool) else value
        return query

    def ask(self, op, job_id=None, query=None, body=None, kind=None, entry=None, **headers):
        """Send a good request, but for these arguments; the document has to describe the answer."""
        job_id = job_id or self.job()
        query = self.examples(op, job_id, required_only=True) if query is None else query
        if op.body and body is None:
            _, body = next(op.bodies())
        if op.body:
            headers["content_type"] = kind or next(iter(op.body["content"]))
        answer = self.handler.request(op.method, self.uri(op, job_id, query, entry), body, headers)
        op.check(answer)
        return answer
