"""What calls and requests have to prove. Most jobs are signed and carry a secret, every client has an API key, and a redirect tempts
the runner to where no call may go; and secret, signing key and API key are exchanged while everything else breaks.

    14  a call that is to prove itself does: signed by keys that are alive, with a secret that is current
    15  a key that was revoked, made up or left out opens nothing
"""
import base64
import hashlib
import hmac
import json
import random
import time
from bisect import bisect_right
from dataclasses import dataclass

from crew import Crew
from verdict import Violation

NAME = "chaos"  # of the secret, and of what signs
FRESH = 60_000  # ms: a runner hears of a change at once, or within 30 s; it may be cut off, or stopped, between signing and sending
STAMPED = 20_000  # ms between signing and arriving
SETTLED = 20  # s: a request without an answer may wait in the handlers' socket; after that it is done, or never will be
REVOKED = 2  # s
OVERLAP = 90_000  # ms: for so long a signing key goes on beside the next one
NO_PROOF = ["-"] * 4
CLIENT = {"name": "a client", "scopes": ["jobs:read", "jobs:write", "jobs:run", "executions:read"]}


def proves(number):
    """Is that job one of those that are signed? Two of three are: of all types, at all targets."""
    return number % 3 != 0


def fields_of(number):
    return {"signing": NAME, "headers": {"X-Proof": "{{secret.%s}}" % NAME}} if proves(number) else {}


def now_ms():
    return int(time.time() * 1000)


@dataclass
class Value:
    """A value of the secret, or a signing key. sent: when it was first asked for (ms); known: when that was answered, or 0."""
    text: str
    sent: int
    known: int = 0


def secret_fault(values, text, at):
    """What is wrong with a call that carries this; None: nothing."""
    found = [n for n, value in enumerate(values) if value.text == text]
    if not found:
        return "a call with a secret that never was"
    later = values[found[0] + 1:found[0] + 2]
    if values[found[0]].sent > at:
        return "a call with a secret that came later"
    return "a call with a secret that was exchanged" if later and 0 < later[0].known < at - FRESH else None


def signs(key, head, signatures):
    digest = hmac.new(base64.b64decode(key.text.removeprefix("whsec_")), head, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}" in signatures


def signature_fault(keys, head, signatures, at, spread=0):
    """keys: one for each that was asked for, in order; text "": its answer was lost, so it may sign or not. spread: by how much (ms) Redis'
    clock, which says when a key ends, was stepped meanwhile."""
    signed = False
    for n, key in enumerate(keys):
        if not key.text or key.sent > at:
            continue
        following = keys[n + 1:]
        is_good = signs(key, head, signatures)
        signed |= is_good
        known = next((later.known for later in following if later.known), None)
        if is_good and known is not None and known + OVERLAP + spread + FRESH < at:
            return "a call signed by a key that has ended"
        is_alive = not following or at < following[0].sent + OVERLAP - spread
        if not is_good and is_alive and key.known < at - FRESH:
            return "a call that a key that is alive has not signed"
    return None if signed or any(not key.text and key.sent <= at for key in keys) else "a call that no key has signed"


class Keeper(Crew):
    """Exchanges what calls and requests prove themselves by, until it is stopped, and remembers when."""

    def __init__(self, stack, seed):
        super().__init__()
        self.stack, self.seed = stack, seed
        self.values, self.keys, self.trials = [], [], []  # trials: (what, status)
        self.client, self.faults, self.looked_at, self.signed_jobs = None, [], 0, set()

    def set_up(self):
        """Nothing disturbs it yet."""
        assert self.put_secret(self.new_value()) and self.make_signing_key()
        self.client = self.make_client()
        self.stack.token = self.client["token"]

    def start(self):
        self.set_to_work(self.exchange_secrets, self.exchange_signing, self.exchange_clients)

    def ask(self, method, path, body=None, good=()):
        """With the key that may do everything, so what refuses it is a fault, but for the statuses in good. 0, 5xx: some part is down."""
        headers = {"authorization": f"Bearer {self.stack.owner}", "content-type": "application/json"}
        answer = self.stack.http.request(method, path, json.dumps(body) if body is not None else None, headers)
        if 400 <= answer.status < 500 and answer.status not in good:
            self.faults.append(Violation(15, f"a key that may do everything: answered {answer.status}", f"{method} {path} {answer.body}"))
        return answer

    # --- secrets ---

    def new_value(self):
        self.values.append(Value(f"proof-{len(self.values)}-{random.SystemRandom().randrange(1 << 64):x}", now_ms()))
        return self.values[-1]

    def put_secret(self, value):
        answer = self.ask("PUT", f"/v1/secrets/{NAME}", {"value": value.text, "hosts": ["127.0.0.1"], "http": True})
        value.known = now_ms() if answer.status in (200, 201) else 0
        return value.known > 0

    def exchange_secrets(self):
        rng = random.Random(f"{self.seed}/secrets")
        while not self.over.wait(rng.uniform(8, 20)):
            value = self.new_value()
            while not self.put_secret(value) and not self.over.wait(SETTLED):
                pass

    # --- signing keys ---

    def make_signing_key(self):
        key = Value("", now_ms())
        self.keys.append(key)
        answer = self.ask("POST", f"/v1/signing/{NAME}", {"overlap_s": OVERLAP // 1000}, good=(409,))
        if answer.status == 201:
            key.known, key.text = now_ms(), answer.json["key"]
        if answer.status == 409:
            self.keys.remove(key)  # three are alive
        return answer.status in (201, 409)

    def exchange_signing(self):
        rng = random.Random(f"{self.seed}/signing")
        while not self.over.wait(rng.uniform(30, 50)):
            if not self.make_signing_key():
                self.over.wait(SETTLED)

    # --- API keys ---

    def make_client(self):
        answer = self.ask("POST", "/v1/keys", CLIENT)
        return answer.json if answer.status == 201 else None

    def revoke(self, key):
        """Returns False if the run is over before that is known."""
        while self.ask("DELETE", f"/v1/keys/{key['id']}", good=(404,)).status not in (204, 404):  # 404: it is, and the answer was lost
            if self.over.wait(1):
                return False
        return True

    def exchange_clients(self):
        rng = random.Random(f"{self.seed}/clients")
        while not self.over.wait(rng.uniform(5, 10)):
            made, before = self.make_client(), self.client
            if made is None:
                continue
            self.client, self.stack.token = made, made["token"]
            if self.over.wait(SETTLED) or not self.revoke(before) or self.over.wait(REVOKED):
                return
            for what, token in (("a key that was revoked", before["token"]), ("a key that is made up", f"dr_{'0' * 38}"), ("no key", None)) * 4:
                self.trials.append((what, self.status_with(token)))

    def status_with(self, token):
        return self.stack.http.request("GET", "/v1/jobs?limit=1", None, {"authorization": token and f"Bearer {token}"}).status

    # --- afterwards ---

    def look_at(self, request, proof):
        """Each request that a target has written down. proof: its headers as targets.py lists them."""
        number = request.path.rpartition("/")[2]
        if number.isdigit() and proves(int(number)):
            self.signed_jobs.add(request.job)
        fault = None
        if request.job in self.signed_jobs:
            self.looked_at += 1
            fault = self.fault_of(request, *proof)
        elif proof != NO_PROOF:
            fault = "a call that is not to prove itself does"
        if fault:
            self.faults.append(Violation(14, fault, f"{request} {proof}"))

    def fault_of(self, request, name, stamp, signatures, secret):
        if name != request.key:
            return "a call that is signed as another"
        if not stamp.isdigit() or min(abs(int(stamp) * 1000 - request.at - offset) for offset in self.offsets(request.at)) > STAMPED:
            return "a call that was signed at another time"
        ahead = self.offsets(request.at, OVERLAP + FRESH)
        return (signature_fault(self.keys, f"{name}.{stamp}.".encode(), signatures.split(" "), request.at, max(ahead) - min(ahead))
                or secret_fault(self.values, secret, request.at))

    def offsets(self, at, before=STAMPED):
        """By how much Redis' clock may have been ahead of this machine's in the time before that moment, and just after it."""
        steps = self.stack.redis.clock.steps
        whens = [when for when, _ in steps]
        first = max(0, bisect_right(whens, at - before) - 1)
        return [offset for _, offset in steps[first:bisect_right(whens, at + 100)]]

    def check(self):
        """Violations of both kinds, once every request has been looked at."""
        yield from self.faults
        if self.looked_at == 0:
            yield Violation(14, "no call has proved itself", "")
        for what, status in self.trials:
            if status not in (0, 401) and status < 500:
                yield Violation(15, f"{what}: answered {status}", "")

    def summary(self):
        known = [sum(one.known > 0 for one in ones) for ones in (self.values, self.keys)]
        return (f"{self.looked_at:,} calls proved themselves, by {known[0]} values of a secret and {known[1]} signing keys; "
                f"{len(self.trials)} requests with no key that is good")
