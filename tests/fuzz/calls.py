"""What the target was asked, what it answered, and what may come of it: compared with the records, one by one."""
import base64
import calendar
import collections
import email.utils
import re
import time
from dataclasses import dataclass, field

import reading

TAG = re.compile(rb"\[j(\d+)k(\d+)h\d+!?\]")
LITTER_MS = 150     # so long bytes have to lie there, while the client runs, before a request arrives that must not have been sent
OUTCOMES = {"s": "succeeded", "f": "failed", "u": "unknown", "l": "lost", "m": "missed", "c": "cancelled", "k": "skipped"}
CLOSING_MS = 250    # so near each other a call and the end of a connection may meet
RETRY_MS = 300      # the jobs' backoff
URL = re.compile(rb"[!-~]*\Z")
PRIVATE = ("dronc-job-id", "dronc-scheduled-time", "dronc-attempt", "idempotency-key", "x-own", "accept-encoding", "content-type")
NAMED = re.compile(r'\*/\*; attempt="capi:(\S+) (\S+) (\d+)"\Z')  # rig.ACCEPT
OWN_PLACE = re.compile(r"(?:(https?)://127\.0\.0\.[2-9]:(\d+))?/r/")


@dataclass(eq=False)
class Call:
    """One request: what was answered to it. hop: how manieth of its attempt."""
    attempt: object
    answer: object
    reading: object
    hop: int
    method: str
    path: str
    at_ms: float
    fresh: bool              # the connection had no request before
    connection: int
    spoilt: str = None       # why the connection was none to use
    has_litter: bool = False  # bytes were sent there without a request
    only_blank: bool = False  # line ends alone
    littered_ms: float = None  # when these had arrived, on the same clock as ran_ms
    ran_ms: float = 0        # at_ms, less what the client has waited for a processor so far
    before: object = None    # the call before it on that connection
    sent: int = 0
    sent_ms: float = 0

    def wanted_method(self):
        """docs/api.md: 303 is followed by a GET, 301 and 302 by a GET where it was a POST."""
        job, calls = self.attempt.job, self.attempt.calls
        if self.hop == 0:
            return job.method
        last = calls[-2] if calls[-1] is self else calls[-1]
        if last.hop == self.hop or last.reading.vague or not follows(last):
            return self.method
        status, method = last.reading.head, last.method
        to_get = status == 303 and method != "HEAD" or status in (301, 302) and method == "POST"
        return "GET" if to_get else method


@dataclass(eq=False)
class Unanswered:
    """A request that the target did not look at: it came on a connection that was about to end. The same fields as a Call's."""
    ran_ms: float
    has_litter: bool
    only_blank: bool
    littered_ms: float


@dataclass(eq=False)
class Attempt:
    """All that came of one attempt. number: how manieth of its job."""
    job: object
    number: int
    scheduled: int
    attempt: int
    plan: list = None
    calls: list = field(default_factory=list)
    record: object = None
    header_bytes: int = 0
    unanswered: list = field(default_factory=list)  # Unanswered ones
    doubts: list = field(default_factory=list)      # (kind, text)s: wrong, unless an answer was taken that the target sent without a request

    @property
    def name(self):
        return f"j{self.job.number}k{self.number}"


@dataclass
class Finding:
    kind: str
    text: str
    attempt: object = None
    before: object = None  # a call whose connection was used
    count: int = 1         # of those of the same sort


class Book:
    """plan(job, number) → the answers of an attempt."""

    def __init__(self, jobs, plan):
        self.jobs, self.plan = {job.id: job for job in jobs}, plan
        self.attempts, self.sorts, self.latest = {}, {}, collections.deque(maxlen=400)
        self.counts = collections.Counter()
        self.ends = collections.defaultdict(lambda: collections.deque(maxlen=2000))  # address → when connections ended
        self.litters = collections.defaultdict(lambda: collections.deque(maxlen=2000))  # likewise, when bytes were sent without a request
        self.answers = 0
        self.waited_ms = lambda: 0  # how long the client has waited for a processor so far

    def find(self, kind, text, attempt=None, before=None, sort=""):
        """sort: what tells it from others of the kind; one of each is kept, and how many there were."""
        if (kind, sort) in self.sorts:
            self.sorts[kind, sort].count += 1
        else:
            self.sorts[kind, sort] = Finding(kind, text, attempt, before)

    @property
    def findings(self):
        return list(self.sorts.values())

    # --- what the target sees ---

    def attempt_of(self, job_id, scheduled, number):
        """That attempt; made, with its plan, when it is first seen."""
        key = (job_id, scheduled, number)
        if key not in self.attempts:
            job = self.jobs[job_id]
            made = self.attempts[key] = Attempt(job, job.attempts, scheduled, number)
            job.attempts += 1
            made.plan = self.plan(job, made.number)
            self.latest.append(made)
        return self.attempts[key]

    def attempt_that_sent(self, headers):
        job_id, scheduled, number = NAMED.match(headers["accept"]).groups()
        return self.attempt_of(job_id, instant(scheduled), int(number))

    def note(self, request, connection):
        """A request has come: the Call that says how to answer it."""
        headers = request.headers
        attempt = self.attempt_that_sent(headers)
        hop = self.hop_of(attempt, request, connection)
        answer = attempt.plan[min(hop, len(attempt.plan) - 1)]
        method = request.method
        read = reading.read(answer.data, answer.end if connection.tls or answer.end != "cut" else "close", method, attempt.header_bytes)
        call = Call(attempt, answer, read, hop, method, request.path, request.at_ms, connection.answered == 0, connection.number, connection.spoilt,
                    connection.has_litter, connection.only_blank, connection.littered_ms, request.at_ms - self.waited_ms(), connection.last)
        attempt.header_bytes = read.header_bytes
        attempt.calls.append(call)
        self.answers += 1
        for label in answer.label.split("+"):
            self.counts["answer " + label] += 1
        self.check_request(call, request, (connection.tls, headers.get("host")))
        return call

    def hop_of(self, attempt, request, connection):
        if not attempt.calls:
            return 0
        last = attempt.calls[-1]
        resent = last.path == request.path and not last.fresh and last.reading.bad
        if resent and not attempt.job.once and "self" not in last.path and "again" not in last.path:
            return last.hop
        if last.reading.vague or follows(last):
            return last.hop + 1
        if not resent or attempt.job.once:
            attempt.doubts.append(("sent twice", f"{request.method} {request.path} after {last.answer.label}: {last.reading.flaws}"))
        return last.hop

    def note_unanswered(self, request, connection):
        attempt = self.attempt_that_sent(request.headers)
        one = Unanswered(request.at_ms - self.waited_ms(), connection.has_litter, connection.only_blank, connection.littered_ms)
        attempt.unanswered.append(one)
        self.counts["requests unanswered"] += 1
        if not connection.last.reading.vague and self.was_unclean(one, connection.last):
            self.find("connection", f"used again, though bytes lay there for {one.ran_ms - one.littered_ms:.0f} ms: {connection.last.answer.label}; no answer",
                      attempt, connection.last, sort="unanswered")

    def check_request(self, call, request, place):
        """No state of an answer may go into a request."""
        attempt = call.attempt
        if request.version not in ("HTTP/1.1", "HTTP/1.0"):  # 1.0 where the server spoke so before
            self.find("version", f"the request is {request.version}", attempt, call.before)
        for name in ("cookie", "upgrade", "proxy-authorization", "expect", "transfer-encoding", "te"):
            if name in request.headers:
                self.find("request header", f"{name}: {request.headers[name][:80]}", attempt, call.before)
        for name in (*PRIVATE, "authorization") if attempt.job.secret == request.headers.get("authorization") else PRIVATE:
            if name in request.headers and place != attempt.job.place:
                self.find("private header", f"{name} sent to {place}", attempt, sort=name)
        if request.method != call.wanted_method():
            attempt.doubts.append(("method", f"{request.method}, not {call.wanted_method()}, at {request.path}"))

    def closed(self, connection):
        self.ends[connection.local].append(time.time() * 1000)

    def littered(self, connection):
        self.litters[connection.local].append(time.time() * 1000)

    # --- what the records say ---

    def record(self, record):
        """Judge a record; what it belongs to is known by its job, instant and number."""
        self.counts[f"record {OUTCOMES[record.outcome]} {record.error_class}".rstrip()] += 1
        job = self.jobs[record.job]
        attempt = self.attempts.get((record.job, record.scheduled, record.attempt))
        if record.outcome in "mc":
            return  # the machine is too slow for so many jobs, or a job was paused by a 410: no answer's doing
        if record.outcome == "l":
            self.find("lost", f"{record}", attempt)
            return
        if attempt is None or not attempt.calls:
            self.unseen(job, record)
            return
        if attempt.record is not None:
            self.find("two records", f"{attempt.record} and {record}", attempt)
            return
        attempt.record = record
        self.judge(attempt, record)

    def unseen(self, job, record):
        """A call of which no request was seen: only where connections are refused, broken or just ending."""
        expected = job.rude
        ending = record.error_class == "response" and self.ended_near(job, record) or near(self.litters[job.address], record)
        if not expected and not ending:
            self.find("no request", f"{job.api}: {record}", sort=record.error_class or record.outcome)
        elif job.rude:
            self.check_tags(record, job, None)

    def ended_near(self, job, record):
        return near(self.ends[job.address], record)

    def judge(self, attempt, record):
        call, job = attempt.calls[-1], attempt.job
        self.check_tags(record, job, attempt)
        for one in attempt.calls:
            self.check_connection(one)
        for kind, text in [] if self.has_crossed(attempt) else attempt.doubts:
            self.find(kind, text, attempt)
        if job.rude or any(one.spoilt or one.has_litter and (not one.only_blank or self.too_late(one)) for one in attempt.calls):
            return  # whatever was answered there is not ours to judge any more
        if any(self.too_late(one) for one in attempt.unanswered):
            self.counts["judged crossed"] += 1
            return  # RFC 9112, 9.2: what arrives when a request is on its way is the answer to it, for any client; a redirect's request is one like any other
        read = call.reading
        if read.vague or any(one.reading.vague for one in attempt.calls):
            self.counts["judged vague"] += 1
            return
        allowed = set(self.results(call, job))
        got = (record.outcome, record.error_class)
        self.counts["judged exact" if read.exact else "judged loose"] += 1
        if got not in allowed and leads_to(call) == "ours" and call.hop < job.redirects and read.excess >= 0:
            return  # the next request's answer may have been what lay behind this one
        if got not in allowed and leads_to(call) == "ours" and call.hop < job.redirects:
            self.find("no request", f"after a redirect: {record}; {read.flaws}", attempt, sort=f"redirect {got} {sorted(allowed)}")
        elif got not in allowed:
            self.find("class", f"{got} is none of {sorted(allowed)}: {record}; {read.flaws}", attempt,
                      sort=f"{got[1]} {sorted(allowed)[0][1]} {read.flaws[-1:]}")
        elif record.status and not any(str(record.status).encode() in one.answer.data for one in attempt.calls):
            self.find("status", f"{record.status}, which nobody sent: {record}; {read.flaws}", attempt, sort=str(read.flaws[-1:]))
        elif got in ((("s", ""), ("f", "http"))) and read.answer is not None:
            self.check_answer(attempt, record, read)

    def results(self, call, job):
        """(outcome, class)es that the last answer of an attempt may end in."""
        read = call.reading
        unknown = "u" if job.once else "f"
        if read.bad:
            yield unknown, "response"
        if read.timeout:
            yield unknown, "timeout"
        kind = leads_to(call)
        if read.answer is not None and kind in (None, "odd"):
            good = job.counts(read.answer) and (job.contains is None or job.contains in read.body)
            yield ("s", "") if good else ("f", "http")
        if kind is not None and call.hop >= job.redirects:
            yield "f", "too_many_redirects"
        if kind in ("odd", "nowhere"):
            yield "f", "redirect"
        if kind == "odd":
            yield from ((outcome, what) for what in ("dns", "connect", "forbidden", "tls", "timeout", "response", "too_many_redirects") for outcome in ("f", unknown))
        if kind == "ours" and call.hop < job.redirects and self.ended_near(job, call.attempt.record):
            yield unknown, "response"  # the next request was lost on a connection that was just closing

    def check_answer(self, attempt, record, read):
        """A whole answer: its status, and its bytes."""
        if record.status != read.answer:
            self.find("status", f"{record.status}, not {read.answer}", attempt)
        if record.bytes != len(read.body):
            self.find("body", f"{record.bytes} bytes, not {len(read.body)}: {read.flaws}", attempt, sort=str(read.flaws))
        if record.kept is not None and record.kept != read.body[:1024]:
            self.find("body", f"{record.kept[:80]!r}, not {read.body[:80]!r}", attempt)
        if record.truncated != read.truncated:
            self.find("body", f"truncated: {record.truncated}", attempt)

    def check_tags(self, record, job, attempt):
        """Are the bytes that were kept those that were sent to this call?"""
        last = attempt.calls[-1] if attempt is not None else None
        for tag in TAG.finditer(record.kept or b""):
            own = int(tag[1]) == job.number and (job.rude or attempt is None or int(tag[2]) == attempt.number)
            sent = attempt is not None and any(tag[0] in call.answer.data + call.reading.body for call in attempt.calls)  # a mutation may make it another's
            if not own and not sent and not self.has_crossed(attempt):
                self.find("another's answer", f"got {tag[0].decode()}: {record}", attempt, last.before if last else None)

    @staticmethod
    def too_late(request):
        """Bytes without a request arrived on a request's connection when it was on its way already, or nearly so: no client can know.
        Both instants are those of this machine's kernel, as the target sees them; neither the runner's clock nor the target's delays count,
        nor does the time that the client waited for a processor in between: it may have looked before that, and sent behind it."""
        return request.has_litter and (request.littered_ms is None or request.ran_ms <= request.littered_ms + LITTER_MS)

    def was_unclean(self, request, before):
        """Bytes lay on its connection, and the client that sent it there should have known. before: the call that was answered there before it."""
        return request.has_litter and not request.only_blank and not self.too_late(request) and not may_drop_rest(before)

    def has_crossed(self, attempt):
        return attempt is not None and any(self.too_late(one) for one in attempt.calls + attempt.unanswered)

    def check_connection(self, call):
        attempt, before = call.attempt, call.before
        if before is None or before.reading.vague:
            return
        if call.spoilt:
            self.find("connection", f"used again, though: {call.spoilt}; before: {before.answer.label}", attempt, before, sort=call.spoilt)
        elif self.was_unclean(call, before):
            self.find("connection", f"used again, though bytes lay there for {call.ran_ms - call.littered_ms:.0f} ms: {before.answer.label}",
                      attempt, before, sort="bytes late" if before.answer.late else f"bytes behind {'a body' if before.reading.body else 'none'}")

    def missing(self, before_ms):
        """Requests that came before then and have no record."""
        return [attempt for attempt in self.attempts.values()
                if attempt.record is None and attempt.calls and attempt.calls[-1].at_ms < before_ms and not attempt.calls[0].has_litter]

    def check_waits(self, limit_ms):
        """A second attempt comes when the first one's answer, or the backoff, says so; not before. Old attempts are forgotten."""
        for key, attempt in list(self.attempts.items()):
            job_id, scheduled, number = key
            record = attempt.record
            if record is None or record.started > limit_ms:
                continue
            if number > 1 and (first := self.attempts.get((job_id, scheduled, number - 1))) is not None:
                self.check_wait(first, attempt)
            if number > 1 or not attempt.job.retries or record.outcome == "s" or record.started < limit_ms - 60000:
                self.attempts.pop(key)
                self.attempts.pop((job_id, scheduled, number - 1), None)

    def check_wait(self, first, second):
        if first.record is None or not first.calls or not second.calls:
            return
        wanted = max(RETRY_MS, retry_after_ms(first.calls[-1].reading) if first.record.error_class == "http" else 0)
        ended = first.record.started + first.record.took
        waited = second.calls[0].at_ms - ended
        self.counts["retry waits"] += 1
        if waited < wanted * 0.9 - 20:
            self.find("retry", f"waited {waited:.0f} ms, not {wanted}: {first.calls[-1].reading.get_all(b'retry-after')}", first)


# --- what an answer asks for ---


def near(instants, record):
    begin, end = record.started - CLOSING_MS, record.started + record.took + CLOSING_MS
    return any(begin <= at <= end for at in instants)


def instant(text):
    whole, _, fraction = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 1000 + int((fraction + "000")[:3])


def retry_after_ms(read):
    """What a 429 or 503 asks for, at most an hour. 0: nothing that can be told for sure."""
    values, dates = read.get_all(b"retry-after"), read.get_all(b"date")
    if read.answer not in (429, 503) or len(values) != 1 or len(dates) > 1:
        return 0
    text = values[0].decode("latin-1")
    if re.fullmatch("[0-9]{1,9}", text):
        return min(int(text), 3600) * 1000
    try:
        until, date = (email.utils.parsedate_to_datetime(value) for value in (text, dates[0].decode("latin-1")))
        return max(0, min(3600, (until - date).total_seconds())) * 1000 if text.endswith("GMT") else 0
    except (ValueError, TypeError, IndexError):
        return 0


def leads_to(call):
    """None: the answer is no redirect. ours: to the target again; nowhere: to no http or https URL; odd: who knows."""
    read = call.reading
    if read.head not in reading.REDIRECTS or call.attempt.job.redirects == 0:
        return None
    values = read.get_all(b"location")
    if not values:
        return None
    value = values[0]
    if len(values) > 1 or read.flaws or not value or not URL.match(value) or b"\\" in value or b'"' in value or b"<" in value:
        return "odd"
    text = value.decode()
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", text)
    if scheme and scheme[1].lower() not in ("http", "https"):
        return "nowhere"
    place = OWN_PLACE.match(text)
    if place is None or "%" in text or ".." in text or len(text) > 2000:
        return "odd"
    return "ours" if place[2] is None or call.attempt.job.ports.get(place[1]) == int(place[2]) else "odd"


def may_drop_rest(call):
    """Of an answer without a body, and of a redirect, a client that drops what comes with it has seen all of it. (If it takes that for
    the next answer instead, the marks in it show that.) That goes for bytes that were sent later, too: a client that is slow reads them with the
    answer. (Seen in 7.88: one recv returned a HEAD's answer and what was sent 5 ms behind it; the look before the next request found nothing.)"""
    return not call.reading.body or call.reading.head in reading.REDIRECTS


def follows(call):
    return call.hop < call.attempt.job.redirects and leads_to(call) in ("ours", "odd")


@dataclass
class Record:
    job: str
    outcome: str
    scheduled: int
    attempt: int
    status: int
    started: int
    took: int
    error_class: str
    error: str
    bytes: int
    truncated: bool
    kept: bytes

    @classmethod
    def read(cls, job, text):
        """As docs/redis.md has it."""
        tokens, _, error = text.partition(b" e:")
        values = dict(token.split(b":", 1) for token in tokens.split(b" "))

        def number(key):
            return int(values.get(key, 0))
        kept = values.get(b"k")
        return cls(job, values[b"o"].decode(), number(b"s"), number(b"a"), number(b"h"), number(b"x"), number(b"t"),
                   values.get(b"c", b"").decode(), error.decode("latin-1"), number(b"z"), b"b" in values,
                   base64.b64decode(kept + b"==") if kept is not None else None)
