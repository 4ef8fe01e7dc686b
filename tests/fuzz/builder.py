"""One answer in the making: a good one to begin with. Quirks change its parts before they are put together."""
STATUSES = [200] * 30 + [201, 202, 203, 204, 204, 205, 206, 299, 300, 304, 304, 305, 306, 399, 400, 401, 403, 404, 404, 407, 408, 409, 410,
                         418, 421, 425, 426, 429, 429, 431, 451, 499, 500, 500, 501, 502, 503, 503, 504, 511, 599]
REASONS = {200: b"OK", 204: b"No Content", 302: b"Found", 304: b"Not Modified", 404: b"Not Found", 503: b"Service Unavailable"}
SIZES = (0, 0, 1, 5, 30, 30, 200, 200, 1000, 1023, 1024, 1025, 4000, 16384, 16385, 70000)
NOISE = [b"Server: nginx", b"Date: Sun, 08 Mar 2026 07:00:00 GMT", b"Content-Type: text/plain", b"X-Powered-By: PHP/5.2", b"Vary: *",
         b"ETag: W/\"1\"", b"Cache-Control: no-store", b"X-Empty:", b"x-lower: yes", b"Accept-Ranges: bytes", b"Via: 1.1 varnish",
         b"Set-Cookie: session=1; Path=/; HttpOnly", b"Server-Timing: a;dur=1", b"Connection: keep-alive", b"Keep-Alive: timeout=5, max=100"]
FRAMINGS = ("length", "length", "length", "length", "chunked", "chunked", "chunked", "close")


class Builder:
    """rng, tag (which the body begins with), setting; the parts; end, late and eager as in Answer."""

    def __init__(self, rng, tag, setting):
        self.rng, self.tag, self.setting = rng, f"[{tag}]".encode(), setting
        self.interim, self.before = [], b""     # 1xx answers; bytes in front of all
        self.status_line = b"HTTP/1.1 200 OK"
        self.first, self.headers, self.newline = [], [], b"\r\n"
        self.framing, self.content, self.framed = "length", b"", None
        self.behind, self.late, self.end, self.eager = b"", [], "keep", False
        self.head_end = b"\r\n"

    # --- good answers ---

    def plain(self):
        rng = self.rng
        self.set_status(rng.choice(STATUSES))
        self.headers = rng.sample(NOISE, rng.choice((0, 1, 2, 3, 6)))
        self.set_content(rng.choice(SIZES))
        self.framing = rng.choice(FRAMINGS)
        if self.framing == "close" or rng.random() < 0.1:
            self.end = "close"
        return self.framing

    def redirect(self):
        rng = self.rng
        self.plain()
        self.set_status(rng.choice((301, 302, 302, 303, 307, 308)))
        self.framing = rng.choice(("length", "length", "chunked", "close"))
        if self.framing == "close":
            self.end = "close"
        self.headers.insert(rng.randrange(len(self.headers) + 1), b"Location: " + self.good_location())
        return "redirect"

    def good_location(self):
        """To a path of ours, named after the answer."""
        rng, path = self.rng, b"/r/" + self.tag[1:-1]
        place = rng.choice(list(self.setting.places.values())).encode()
        return rng.choice((path, path, path + b"?a=b&c", place + path, place + path, place + path + b"#part", place.split(b":", 1)[1] + path))

    def set_status(self, status, reason=None):
        self.status_line = b"HTTP/1.1 %d " % status + (reason if reason is not None else REASONS.get(status, b"Something"))

    def set_content(self, size):
        """The tag and as many bytes behind it."""
        self.content = self.tag + (self.rng.randbytes(size) if self.rng.random() < 0.3 else (b"abcdefghi\n" * (size // 10 + 1))[:size])

    # --- putting it together ---

    @property
    def has_no_body(self):
        status = self.status_line.split(b" ")[1:2]
        return self.setting.method == "HEAD" or status in ([b"204"], [b"304"])

    def chunks(self, newline=b"\r\n", extension=b"", trailers=b""):
        rng, out, at = self.rng, b"", 0
        while at < len(self.content):
            size = min(len(self.content) - at, rng.choice((1, 7, 100, 1000, 8192, 20000)) if len(self.content) < 100000 else 65536)
            digits = (b"%x" if rng.random() < 0.8 else b"%X") % size
            out += digits + extension + newline + self.content[at:at + size] + newline
            at += size
        return out + b"0" + extension + newline + trailers + newline

    def frame(self):
        """(headers of the framing, body)."""
        if self.framed is not None:
            return self.framed
        if self.framing == "chunked":
            lines, body = [b"Transfer-Encoding: chunked"], self.chunks()
        elif self.framing == "length":
            lines, body = [b"Content-Length: %d" % len(self.content)], self.content
        else:
            lines, body = [], self.content
        return (lines, b"") if self.has_no_body else (lines, body)

    def bytes(self):
        lines, body = self.frame()
        at = self.rng.randrange(len(self.headers) + 1)
        headers = [*self.first, *self.headers[:at], *lines, *self.headers[at:]]
        head = b"".join(line + self.newline for line in [self.status_line, *headers])
        return self.before + b"".join(self.interim) + head + (self.head_end if self.newline == b"\r\n" else self.newline) + body + self.behind
