"""What the checker looks at, as plain data: the requests that the targets wrote down, and everything that is in Redis at the end."""
import calendar
import re
import time
from dataclasses import dataclass, field

SHARDS = 16


@dataclass(slots=True)
class Request:
    """One request, as the target wrote it down. hop: the runner followed a redirect to here."""
    at: int
    target: str
    connection: int
    nth: int
    path: str
    job: str  # 64 hex digits
    scheduled: int
    attempt: int
    key: str

    @property
    def hop(self):
        return self.path == "/hop"


@dataclass(slots=True)
class Record:
    """One entry of the feed. recorded: when, by Redis' clock. text: as it stands in the job's history, too."""
    job: str
    recorded: int
    outcome: str  # s, f, l or m
    scheduled: int
    attempt: int
    status: int = 0
    until: int = 0  # missed: the last instant
    count: int = 0
    error: str = ""
    text: bytes = b""


@dataclass
class StoredJob:
    """A job as Redis has it. fields: of its hash. due: its next instant, None where it is not in `due`."""
    id: str
    fields: dict = field(default_factory=dict)
    due: int = None
    history: list = field(default_factory=list)  # newest first

    @property
    def created(self):
        return int(self.fields["created"])

    @property
    def whole(self):
        return {"schedule", "api", "type", "created"} <= set(self.fields)


@dataclass
class Left:
    """The state that a run ends in."""
    jobs: dict = field(default_factory=dict)  # id → StoredJob
    records: list = field(default_factory=list)
    dead: set = field(default_factory=set)  # (id, instant)
    claims: list = field(default_factory=list)
    retries: list = field(default_factory=list)
    holders: list = field(default_factory=list)
    runners: list = field(default_factory=list)
    broken: list = field(default_factory=list)
    traces: dict = field(default_factory=dict)  # id of a job that was deleted → where it is found all the same


def read_instant(text):
    """RFC 3339 in UTC → ms."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 1000 + int((fraction + "000")[:3])


def read_requests(path, look_at=lambda request, proof: None):
    """The targets' log; the last line may still be in the writing. look_at: called with each, and what it proves itself by."""
    requests, known = [], {}
    with open(path, encoding="latin-1") as file:
        for line in file:
            if not line.endswith("\n"):
                break
            at, target, connection, nth, where, job, scheduled, attempt, key, *proof = line.rstrip("\n").split("|")
            if scheduled not in known:
                known[scheduled] = read_instant(scheduled) if scheduled != "-" else -1
            requests.append(Request(int(at), target, int(connection), int(nth), where, job.removeprefix("capi:"),
                                    known[scheduled], int(attempt) if attempt.isdigit() else -1, key))
            look_at(requests[-1], proof)
    return requests


RECORD = re.compile(rb"(\w):(\S+)")


def read_record(job, entry, text):
    text_only, _, error = text.partition(b" e:")
    tokens = dict(RECORD.findall(text_only))

    def number(key):
        return int(tokens.get(key, 0))
    return Record(job, int(entry.split(b"-")[0]), tokens[b"o"].decode(), number(b"s"), number(b"a"), number(b"h"),
                  number(b"u"), number(b"n"), (tokens.get(b"c", b"") + b" " + error).decode(errors="replace").strip(), text)


class Harvest:
    """Collects the feed while the run goes on: what is trimmed later has been seen."""

    def __init__(self):
        self.records, self.seen = [], [b"0-0"] * SHARDS

    def collect(self, db):
        for shard in range(SHARDS):
            while entries := db.xrange(f"dronc:{{{shard}}}:executions", b"(" + self.seen[shard], "+", count=2000):
                for entry, fields in entries:
                    self.records.append(read_record(fields[b"j"].hex(), entry, fields[b"r"]))
                self.seen[shard] = entries[-1][0]


def split_occurrence(member):
    """<32 bytes><instant> → (id, instant)."""
    return member[:32].hex(), int(member[32:])


def retries_in(db):
    """How many later attempts, and such as were asked for by hand, are waiting or claimed."""
    waiting = sum(db.zcard(f"dronc:{{{shard}}}:retry") for shard in range(SHARDS))
    claims = [value for key in db.scan_iter("dronc:*:claimed:*", count=1000) for value in db.hvals(key)]
    return waiting + sum(not ticket.startswith(b"1.") or kind.islower() for _, ticket, kind, *_ in map(bytes.split, claims))


ELEMENTS = {b"zset": lambda db, key: db.zrange(key, 0, -1), b"hash": lambda db, key: db.hgetall(key),
            b"set": lambda db, key: db.smembers(key)}
MAY_NAME = (b":dead", b":dead:records", b":gone")  # jobs that are gone


def traces_of(db, ids):
    """Where any key is named after one of these jobs, or holds something that is: {id: [where]}. All keys are looked at, whatever they
    are for; the feed tells of jobs that are gone, and is a stream."""
    found, names = {}, {bytes.fromhex(one): one for one in ids}
    for key in db.scan_iter("dronc:*", count=1000):
        elements = () if key.endswith(MAY_NAME) else ELEMENTS.get(db.type(key), lambda *_: ())(db, key)
        for name, where in [(key[-32:], "its key"), *((element[:32], "an element") for element in elements)]:
            if name in names:
                found.setdefault(names[name], []).append(f"{where} in {key.decode('latin-1')[:40]!r}")
    return found


def claims_and_retries_of(db, ids):
    """Is any of these jobs claimed, or does it wait for a retry?"""
    return [where for places in traces_of(db, ids).values() for where in places if ":retry" in where or ":claimed:" in where]


def read_left(db, harvest, deleted=()):
    """Everything that is in Redis, once nothing is written there any more. deleted: ids of jobs that should not be."""
    harvest.collect(db)
    left = Left(records=harvest.records, traces=traces_of(db, deleted),
                runners=[name.decode() for name in db.zrange("dronc:runners", 0, -1)])
    for shard in range(SHARDS):
        tag = f"dronc:{{{shard}}}:"
        for key in db.scan_iter(tag + "job:*", count=1000):
            stored = job_of(left, key[-32:].hex())
            stored.fields = {name.decode(): value.decode() for name, value in db.hgetall(key).items()}
            stored.history = db.lrange(tag.encode() + b"history:" + key[-32:], 0, -1)
        for member, score in db.zrange(tag + "due", 0, -1, withscores=True):
            job_of(left, member.hex()).due = int(score)
        left.dead |= {split_occurrence(member) for member in db.zrange(tag + "dead", 0, -1)}
        left.retries += [(member[:32].hex(), member[32:].decode()) for member in db.zrange(tag + "retry", 0, -1)]
        left.holders += [(shard, name.decode()) for name in db.smembers(tag + "holders")]
        left.broken += [member.hex() for member in db.zrange(tag + "broken", 0, -1)]
        for key in db.scan_iter(tag + "claimed:*", count=1000):
            left.claims += [(*split_occurrence(member), value.decode()) for member, value in db.hgetall(key).items()]
    return left


def job_of(left, name):
    return left.jobs.setdefault(name, StoredJob(name))
