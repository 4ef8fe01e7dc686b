"""How the RFCs have a client read the bytes of a target: what may come of a call, and whether its connection may be used again.

Written from RFC 9110 and 9112 and docs/api.md, not from any client. A Reading says everything that is allowed: where an RFC leaves
a choice (reject, or be lenient), both; where the message cannot be understood in one way only, all of it ("vague"). What is never
allowed is success by wrong framing, and a connection that goes on behind an answer whose end is in doubt.
"""
import re
from dataclasses import dataclass, field

HEADERS_MAX = 65536  # docs/api.md: "its headers are too large"
BODY_MAX = 1048576
TRAILERS_MAX = 4000  # no client promises more, in bytes
EXTENSION_MAX = 64
UNTIL_CLOSE = "before the connection does"
# RFC 9112, 9.8, calls an answer incomplete that ends with a TLS connection that was not closed properly. libcurl has OpenSSL 3 overlook that
# (SSL_OP_IGNORE_UNEXPECTED_EOF), and many servers close so.
TLS_END_IS_SEEN = False
# libcurl before 8.5 goes through what it has read line by line for as long as the next byte is not NUL (`while(*k->str)`): of a line that begins with
# NUL it shows nothing, nor anything of what was read together with it (docs/libcurl.md). What is left may be any answer.
NUL_LINE_IS_SEEN = False
REDIRECTS = (301, 302, 303, 307, 308)

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
STATUS_LINE = re.compile(rb"HTTP/(\d)\.(\d) (\d{3})( [\t \x21-\x7e\x80-\xff]*)?\Z")
LENIENT_LINE = re.compile(rb"[ \t]*HTTP/(\d)(?:\.(\d))?[ \t]+(\d{3})(?!\d)([^\r\n]*)\Z", re.I)
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]+)([ \t]*)(;.*)?\Z", re.S)
FRAMING = (b"content-length", b"transfer-encoding", b"connection")


class Bad(Exception):
    """No client may take this for an answer."""


class Short(Exception):
    """The bytes end before the message does."""


@dataclass
class Reading:
    """What may come of an answer. answer: the final one's status, None: there cannot be one. head: likewise, whatever its body is: a
    redirect may be followed without having been read to its end."""
    answer: int = None
    head: int = None
    body: bytes = b""
    truncated: bool = False  # the body is longer than what is read
    bad: bool = False        # class `response` is allowed
    timeout: bool = False
    vague: bool = False      # anything but a crash is allowed; the connection is none to judge by
    may_reuse: bool = True
    why_not: str = ""
    excess: int = -1         # where bytes begin that belong to no answer; -1: there are none
    only_blank: bool = False  # these are CR and LF alone
    headers: list = field(default_factory=list)  # of the final answer, (name in lower case, value)
    flaws: list = field(default_factory=list)
    header_bytes: int = 0

    @property
    def exact(self):
        """There is one result, and one only."""
        return not self.vague and [self.answer is not None, self.bad, self.timeout].count(True) == 1

    def get_all(self, name):
        return [value for key, value in self.headers if key == name]

    def forbid(self, why):
        self.may_reuse, self.why_not = False, self.why_not or why


class Reader:
    """end: keep (the connection stays open, silent), close, reset, or cut (TLS that ends without close_notify)."""

    def __init__(self, data, end, method, header_bytes=0):
        self.data, self.end, self.method, self.at = data, end, method, 0
        self.out = Reading(header_bytes=header_bytes)
        self.version, self.in_body = (1, 1), False

    def flaw(self, what):
        """Both are allowed: to go on, and to refuse the answer."""
        self.out.flaws.append(what)
        self.out.bad = True

    def vague(self, what):
        self.flaw(what)
        self.out.vague = True

    def read(self):
        out = self.out
        try:
            self.message()
        except Short as short:
            self.ended_short(str(short))
        except Bad as bad:
            out.flaws.append(str(bad))
            out.bad, out.answer = True, None
            out.timeout = self.end == "keep"  # it may be waiting for more before it judges
            out.forbid(str(bad))
        if out.vague:
            out.timeout = True
        if self.end == "reset":  # a reset may overtake what was sent before it
            out.bad = True
        if out.answer is not None and 0 <= self.at < len(self.data) and not out.truncated:
            behind = self.data[self.at:]  # CR and LF alone may be skipped: RFC 9112, 9.2 and 2.2
            out.excess, out.only_blank = self.at, not behind.strip(b"\r\n")
        return out

    def ended_short(self, where):
        out = self.out
        out.flaws.append("ends " + where)
        out.answer = None
        out.forbid("the answer breaks off")
        if self.end == "keep":
            out.timeout = True
            out.bad = out.bad or where not in ("in the body", "in a chunk", UNTIL_CLOSE)  # what is there may be wrong already
        else:
            out.bad = True

    # --- lines ---

    def count(self, size):
        self.out.header_bytes += size
        if self.out.header_bytes > HEADERS_MAX + 2048:
            raise Bad("the headers are too large")
        if self.out.header_bytes > HEADERS_MAX - 2048 and "the headers are nearly too large" not in self.out.flaws:
            self.flaw("the headers are nearly too large")

    def line(self, where):
        """The next line, without its end. A line that never ends is too long, or breaks off."""
        end = self.data.find(b"\n", self.at)
        if not self.in_body:
            self.count((end if end >= 0 else len(self.data)) - self.at + 1)
        if end < 0:
            raise Short(where)
        line, self.at = self.data[self.at:end], end + 1
        if not line.endswith(b"\r"):
            self.flaw("a line without CR")
            return line
        line = line[:-1]
        if b"\r" in line:
            self.flaw("a bare CR")
        return line

    # --- messages ---

    def message(self):
        while True:
            status = self.status_line()
            headers = self.fields("in the headers")
            if status == 101:
                self.vague("101 that nobody asked for")
                self.out.answer = status
                return
            if not 100 <= status < 200:
                break
        self.out.answer, self.out.headers, self.out.head = status, headers, status
        self.persistence()
        self.body(status)

    def status_line(self):
        if self.data[self.at:self.at + 2] == b"\r\n" or self.data[self.at:self.at + 1] == b"\n":
            self.flaw("an empty line in front")
            while self.data[self.at:self.at + 1] in (b"\r", b"\n"):
                self.at += 1
        head = self.data[self.at:self.at + 5]
        if head and not b"HTTP/".startswith(head.upper()) and not LENIENT_LINE.match(self.data[self.at:].split(b"\n")[0].rstrip(b"\r")):
            raise Bad("no HTTP")
        line = self.line("in the status line")
        strict = STATUS_LINE.match(line)
        if strict is None:
            return self.odd_status_line(line)
        major, minor, status = int(strict[1]), int(strict[2]), int(strict[3])
        if strict[4] is None:
            self.flaw("no blank behind the status")
        if (major, minor) not in ((1, 0), (1, 1)):
            self.flaw("a version that was not asked for")
        if not 100 <= status <= 599:
            self.flaw("a status that there is not")
        self.version = (major, minor)
        return status

    def odd_status_line(self, line):
        lenient = LENIENT_LINE.match(line.replace(b"\r", b" ").replace(b"\0", b" "))
        if lenient is None:
            raise Bad("no status line")
        self.flaw("an odd status line")
        self.version = (int(lenient[1]), int(lenient[2] or 0))
        return int(lenient[3])

    def fields(self, where):
        """(name, value)s, folded lines unfolded."""
        found = []
        while line := self.line(where):
            if not line.strip(b"\r"):
                self.vague("is that the end of the headers?")
            if line[:1] == b"\0" and not NUL_LINE_IS_SEEN:
                self.vague("a line that begins with NUL")
            if line[:1] in b" \t\r":  # a bare CR is a blank, where it is not refused
                self.folded(found, line)
                continue
            name, colon, value = line.partition(b":")
            if not colon:
                self.flaw("a header without a colon")
                if name.strip().lower() in FRAMING:
                    self.vague("a framing header without a colon")
                continue
            self.check_field(name, value)
            found.append((name.strip(b" \t").lower(), value.strip(b" \t\x0b\x0c")))
        return found

    def folded(self, found, line):
        if not found:
            self.flaw("a blank in front of the first header")
            return
        name, value = found[-1]
        if name == b"location":
            self.flaw("a folded Location")  # libcurl unfolds since 8.18
        if name in FRAMING and name != b"connection":
            self.vague("a framing header is folded")
        found[-1] = (name, (value + b" " + line.strip(b" \t")).strip())
        if b"\0" in line:
            self.flaw("NUL in a header")

    def check_field(self, name, value):
        bare = name.strip(b" \t\r\0").lower()
        if value != value.rstrip(b"\x0b\x0c"):
            self.flaw("a blank that is none")
            value = value.rstrip(b"\x0b\x0c")
        odd = not TOKEN.match(name) or b"\0" in value or b"\r" in value
        if odd:
            self.flaw("an odd header line")
        if odd and any(word in bare + value[:40].lower() for word in FRAMING):
            self.vague("a framing header is odd")

    # --- the connection ---

    def persistence(self):
        out = self.out
        options = [word.strip(b" \t").lower() for value in out.get_all(b"connection") for word in value.split(b",")]
        if b"close" in options:
            out.forbid("Connection: close")
        elif self.version == (1, 0) and not any(option.startswith(b"keep-alive") for option in options):
            out.forbid("HTTP/1.0")
        elif self.version < (1, 0):
            out.forbid("a version before 1.0")

    # --- bodies ---

    def body(self, status):
        out = self.out
        lengths, codings = out.get_all(b"content-length"), out.get_all(b"transfer-encoding")
        if self.method == "HEAD" or status in (204, 304):
            if lengths and not self.is_length(lengths) or codings and self.codings(codings) != [b"chunked"]:
                self.flaw("odd framing of no body")
            return
        if codings:
            self.coded(codings, bool(lengths))
        elif lengths:
            self.counted(lengths)
        else:
            self.until_close()

    @staticmethod
    def is_length(lengths):
        values = {word.strip(b" \t") for value in lengths for word in value.split(b",")}
        return len(values) == 1 and re.fullmatch(rb"[0-9]+", next(iter(values)))

    @staticmethod
    def codings(values):
        return [word.strip(b" \t").lower() for value in values for word in value.split(b",") if word.strip(b" \t")]

    def counted(self, lengths):
        out = self.out
        if not self.is_length(lengths):
            out.head = None
            raise Bad("a Content-Length that is none, or more than one")
        if len(lengths) > 1 or b"," in lengths[0]:
            self.flaw("Content-Length repeated")
        length = int(lengths[0].split(b",")[0])
        if length >= 1 << 59:
            self.flaw("a length that no target has")
        here = self.data[self.at:self.at + length]
        if min(len(here), length) > BODY_MAX:
            return self.too_long(here)
        if len(here) < length:
            raise Short("in the body")
        out.body = here
        self.at += length
        return None

    def too_long(self, body):
        """Nobody has to read on to its end; of a redirect, all of it may be wanted."""
        out = self.out
        out.body, out.truncated = body[:BODY_MAX], True
        if out.head in REDIRECTS:
            self.flaw("a redirect with a large body")
            out.timeout = self.end == "keep"
        self.at = len(self.data)

    def until_close(self):
        out = self.out
        out.forbid("the body ends with the connection")
        here = self.data[self.at:]
        if len(here) > BODY_MAX:
            return self.too_long(here)
        if self.end == "cut" and not TLS_END_IS_SEEN:
            self.flaw("TLS ends without a goodbye")
        elif self.end != "close":
            raise Short(UNTIL_CLOSE)
        out.body, self.at = here, len(self.data)
        return None

    def coded(self, values, has_length):
        codings = self.codings(values)
        if self.version < (1, 1):
            self.flaw("a transfer coding in HTTP/1.0")
            self.out.forbid("a transfer coding in HTTP/1.0")
        if has_length:
            self.flaw("both Transfer-Encoding and Content-Length")
        if codings == [b"chunked"]:
            return self.chunked()
        if b"chunked" in codings[:-1] or not codings:
            self.vague("chunked is not the last coding")
        else:
            self.vague("an unknown coding")
        return self.until_close()

    def chunked(self):
        out, parts, total = self.out, [], 0
        self.in_body = True
        while True:
            size = self.chunk_size()
            if size == 0:
                break
            part = self.data[self.at:self.at + size]
            total += len(part)
            parts.append(part)
            out.body += part
            if total > BODY_MAX:
                return self.too_long(b"".join(parts))
            if len(part) < size:
                raise Short("in a chunk")
            self.at += size
            self.chunk_end()
        out.body = b"".join(parts)
        return self.trailers()

    def chunk_size(self):
        line = self.line("in front of a chunk").rstrip(b"\r")
        size = CHUNK_SIZE.match(line)
        if size is None:
            if re.match(rb"[0-9A-Fa-f]+[ \t]", line):
                self.flaw("something odd behind a chunk's size")
                size = re.match(rb"([0-9A-Fa-f]+)()", line)
            else:
                raise Bad("a chunk's size is none")
        if size[2]:
            self.flaw("a blank behind a chunk's size")
        if b"\0" in line or b"\r" in line or len(line) > EXTENSION_MAX:
            self.flaw("an odd chunk extension")
        if len(size[1]) > 16:
            self.flaw("many digits in a chunk's size")
        if int(size[1], 16) >= 1 << 63:
            raise Bad("a chunk's size past 64 bits")
        return int(size[1], 16)

    def chunk_end(self):
        behind = self.data[self.at:self.at + 2]
        if behind == b"\r\n":
            self.at += 2
        elif behind[:1] == b"\n":
            self.flaw("LF behind a chunk")
            self.at += 1
        elif behind in (b"", b"\r"):
            raise Short("behind a chunk")
        elif re.match(rb"\r+\n", self.data[self.at:]):
            self.vague("several CR behind a chunk")
            self.at = self.data.index(b"\n", self.at) + 1
        else:
            raise Bad("no line end behind a chunk")

    def trailers(self):
        """The zero-sized chunk has been read: so the body is whole, whatever becomes of what is behind it."""
        at = self.at
        try:
            self.fields("in the trailers")
            section = self.data[at:self.at]
            if len(section) > TRAILERS_MAX or b"\n " in section or b"\n\t" in section:
                self.flaw("large or folded trailers")
        except Short:
            self.vague("ends in the trailers")
            self.out.forbid("the answer breaks off")


def read(data, end, method, header_bytes=0):
    return Reader(data, end, method, header_bytes).read()
