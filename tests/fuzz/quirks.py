"""What real and hostile servers do to an answer. Each changes a Builder; several of them may meet in one answer.

Names are what `--only` and `--without` take, and what the counts at the end are listed by.
"""
import gzip
import zlib

ALL = []  # (name, weight, function)


def quirk(name, weight=2):
    def add(function):
        ALL.append((name, weight, function))
        return function
    return add


def pick(b, *values):
    return b.rng.choice(values)


def add(b, *lines):
    for line in lines:
        b.headers.insert(b.rng.randrange(len(b.headers) + 1), line)


def rest_of_status_line(b):
    return b.status_line.partition(b" ")[2]


# --- the status line ---

@quirk("version", 3)
def version(b):
    b.status_line = pick(b, b"HTTP/1.0", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/1.9", b"HTTP/2", b"HTTP/2.0", b"HTTP/3", b"HTTP/0.9", b"HTTP/9.9",
                         b"http/1.1", b"HTTP/11.1", b"HTTP/1.", b"HTTP/1.10", b"HTTP /1.1", b"HTTP/-1.1", b"HTTP/ 1.1", b"HTTPS/1.1", b"ICY",
                         b"RTSP/1.0", b"SIP/2.0") + b" " + rest_of_status_line(b)


@quirk("http-2-unasked", 2)
def http_2_unasked(b):
    b.status_line = pick(b, b"HTTP/2 200 OK", b"HTTP/2 200", b"HTTP/2.0 200 OK", b"HTTP/3 200")
    b.framing = pick(b, "length", "chunked")


@quirk("odd-status", 3)
def odd_status(b):
    code = pick(b, b"000", b"001", b"010", b"099", b"600", b"666", b"700", b"999", b"1000", b"2000", b"20", b"2", b"", b"-200", b"+200", b"0200",
                b"2OO", b"20a", b"2 0", b"\xb2\xb0\xb0", b"0x8", b"200.0", b"%d" % b.rng.randrange(1000), b"99999999999999999999")
    b.status_line = b"HTTP/1.1 " + code + pick(b, b" OK", b"")


@quirk("reason")
def reason(b):
    b.status_line = b"HTTP/1.1 %d" % pick(b, 200, 200, 404, 503) + pick(
        b, b"", b" ", b"  OK", b"\tOK", b" \0", b" O\0K", b" \xff\xfe", b" " + b"y" * 1000, b" OK\r", b" HTTP/1.1 500 No", b" Content-Length: 0",
        b" \x1b[31mred", b" 200 OK")


@quirk("status-line-blanks")
def status_line_blanks(b):
    b.status_line = pick(b, b" ", b"\t", b"  \t", b"\x0b") + b.status_line if b.rng.random() < 0.4 else b.status_line.replace(
        b" ", pick(b, b"  ", b"\t", b"\t ", b"\r", b"\0", b""), 1)


@quirk("long-status-line", 0.5)
def long_status_line(b):
    b.set_status(200, b"y" * pick(b, 60000, 66000, 99000, 102400, 110000, 1000000))


@quirk("in-front", 2)
def in_front(b):
    b.before = pick(b, b"\r\n", b"\n", b"\r\n\r\n", b" \r\n", b"\0", b"\xef\xbb\xbf", b"ok", b"\r", b"x\r\n", b"[" + b"1" * 20 + b"]\r\n",
                    b"0\r\n\r\n")


@quirk("no-http", 2)
def no_http(b):
    b.before = pick(b, b"<html>it works</html>", b"SSH-2.0-OpenSSH_9.2p1\r\n", b"220 mail ESMTP\r\n", b"\x15\x03\x01\x00\x02\x02\x16", b"",
                    b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\1\0\0\0\5\0\xff\xff\xff", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                    b"-ERR unknown\r\n",
                    b"HTTP", b"HTTP/", b"HTTP/1", b"HTTP/1.1", b"HTTP/1.1 ", b"HTTP/1.1 2", b"HTTP/1.1 200", b"H", b"\0" * 300, b.rng.randbytes(60))
    b.status_line, b.headers, b.first, b.newline, b.head_end, b.framed = b"", [], [], b"", b"", ([], pick(b, b"", b.content))
    b.interim, b.end = [], pick(b, "close", "close", "close", "reset", "keep")
    b.status_line = pick(b, b"", b"hello")


# --- header lines ---

@quirk("blank-first", 3)
def blank_first(b):
    b.first = [pick(b, b" X: y", b"\tX: y", b" ", b"\t", b"  folded", b" Content-Length: 2", b" Transfer-Encoding: chunked", b" Location: /x",
                    b" Connection: close", b"\t" * 300, b" HTTP/1.1 404 No")] * pick(b, 1, 1, 1, 2, 20)


@quirk("folded", 2)
def folded(b):
    add(b, pick(b, b"X-Folded: a\r\n b", b"X-Folded:\r\n b", b"X-Folded: a\r\n\tb\r\n  c", b"X-Folded: a\r\n ", b"X-Folded: a\r\n \r\n\t\r\n b",
                b"Set-Cookie: a=b;\r\n Path=/", b"Server: a\r\n Content-Length: 3", b"X: y" + b"\r\n z" * 200))


@quirk("folded-framing", 1)
def folded_framing(b):
    lines, body = b.frame()
    b.framed = ([line.replace(b": ", pick(b, b":\r\n ", b":\r\n\t", b": \r\n "), 1) for line in lines], body)


@quirk("folded-connection", 1)
def folded_connection(b):
    add(b, pick(b, b"Connection:\r\n close", b"Connection: keep-alive,\r\n close", b"Connection: x,\r\n\tclose"))


@quirk("odd-header", 3)
def odd_header(b):
    add(b, pick(b, b"X-Nul: a\0b", b"\0: x", b"No-Colon", b": no name", b"Blank : before", b"Two Words: x", b"X-Cr: a\rb", b"X-Utf8: \xc3\xa4\xff",
                b"\xc3\xa4: x", b"X-Ctl: \x01\x02\x7f", b"HTTP/1.1 500 Again", b"HTTP/1.1", b"HTTP/1.0 200 OK: x", b"X: " + b" " * 500,
                b"a" * 300 + b": 1",
                b"Content-Length", b"Content-Length : 3", b"Content-Length\0: 3", b"Transfer-Encoding : chunked", b"Content Length: 7", b":", b"\x7f",
                b"X-Percent: %s%n%999d", b"X;Y: z", b"Location", b"Location : /x"))


@quirk("bare-lf", 2)
def bare_lf(b):
    b.newline = pick(b, b"\n", b"\n", b"\r\r\n", b"\r")


@quirk("head-end")
def head_end(b):
    b.head_end = pick(b, b"\n", b"\r\r\n", b" \r\n\r\n", b"\r", b"", b"\0\r\n\r\n", b"\t\r\n\r\n")


@quirk("large-headers", 0.7)
def large_headers(b):
    size = pick(b, 1000, 8000, 16000, 30000, 60000, 65000, 65536, 66000, 90000, 102400, 103000, 300000)
    line = b"X-Large: " + b"z" * size
    add(b, *(pick(b, [line], [b"X-%d: y" % n for n in range(size // 9)],
                  [b"Set-Cookie: c%d=%s" % (n, b"v" * 4000) for n in range(size // 4000 + 1)])))


@quirk("repeated-headers")
def repeated_headers(b):
    b.headers = b.headers * pick(b, 2, 3) + [pick(b, b"Content-Type: a", b"Date: x", b"Server: y")] * 2


@quirk("connection", 3)
def connection(b):
    add(b, b"Connection: " + pick(b, b"close", b"close", b"Close", b"CLOSE", b"keep-alive, close", b"close, keep-alive", b"x,close", b" close ", b"",
                                  b"closed", b"upgrade", b"keep-alive", b"x-close", b"\xff", b"close;q=1", b"Keep-Alive,,Upgrade"))


@quirk("connection-twice")
def connection_twice(b):
    add(b, *pick(b, (b"Connection: keep-alive", b"Connection: close"), (b"Connection: x", b"connection: Close"),
                 (b"Proxy-Connection: keep-alive", b"Connection: close"), (b"Proxy-Connection: close",)))


@quirk("keep-alive")
def keep_alive(b):
    add(b, b"Keep-Alive: " + pick(b, b"timeout=5", b"timeout=0", b"timeout=1, max=1", b"timeout=-1", b"timeout=99999999999999999999", b"timeout=",
                                  b"=",
                                  b"max=0", b"timeout=\"5\"", b"timeout=5;max=2", b"5", b"\0", b"timeout=1.5", b"timeout=5,timeout=1", b"," * 300))


@quirk("http-1.0-kept")
def http_1_0_kept(b):
    b.status_line = b"HTTP/1.0 " + rest_of_status_line(b)
    add(b, pick(b, b"Connection: keep-alive", b"Connection: Keep-Alive", b"Keep-Alive: timeout=5", b"Connection: close"))


@quirk("cookies")
def cookies(b):
    add(b, *[pick(b, b"Set-Cookie: id=%d" % n, b"Set-Cookie: id=1; Domain=127.0.0.1", b"Set-Cookie:", b"Set-Cookie: =;;;",
                  b"Set-Cookie: a=b; Max-Age=999999999999999999999",
                  b"Set-Cookie: a=b; Expires=Thu, 99 Foo 99999 99:99:99 GMT", b"Set-Cookie2: x", b"Set-Cookie: a=\0; Secure",
                  b"Set-Cookie: " + b"k" * 5000)
             for n in range(pick(b, 1, 3, 60))])


@quirk("auth")
def auth(b):
    status, name = pick(b, (401, b"WWW-Authenticate: "), (407, b"Proxy-Authenticate: "))
    b.set_status(status)
    add(b, name + pick(b, b"Basic realm=\"x\"", b"Digest realm=\"x\", nonce=\"" + b"n" * 2000 + b"\", qop=\"auth\"", b"NTLM",
                       b"NTLM TlRMTVNTUAACAAAA", b"Negotiate YII=",
                       b"Digest", b"Bearer", b"", b"Basic,Digest,NTLM,Negotiate", b"AWS4-HMAC-SHA256"))


@quirk("policies")
def policies(b):
    add(b, pick(b, b"Strict-Transport-Security: max-age=31536000; includeSubDomains", b"Alt-Svc: h2=\":1\"; ma=99, h3=\":2\"", b"Alt-Svc: clear",
                b"Link: </x>; rel=preload", b"Refresh: 0; url=/x", b"Upgrade: h2c", b"Upgrade: websocket", b"Content-Range: bytes 0-1/5",
                b"Content-Range: bytes 9-1/x",
                b"Last-Modified: yesterday", b"Public-Key-Pins: x", b"Content-Disposition: attachment; filename=../../x", b"Trailer: Content-Length"))


@quirk("content-encoding", 3)
def content_encoding(b):
    coding = pick(b, b"gzip", b"gzip", b"deflate", b"br", b"zstd", b"compress", b"x-gzip", b"identity", b"gzip, gzip, gzip", b"", b"none",
                  b"gzip" + b",gzip" * 50)
    add(b, b"Content-Encoding: " + coding)
    raw = b.content
    small, large = gzip.compress(raw, mtime=0), gzip.compress(b"\0" * 2000000, mtime=0)
    b.content = raw if b.rng.random() < 0.5 else b.tag + pick(b, small, zlib.compress(raw), large, small[:-5], b"\x1f\x8b\x08")


@quirk("retry-after", 3)
def retry_after(b):
    b.set_status(pick(b, 429, 429, 503, 503, 503, 200, 302, 408))
    add(b, b"Retry-After:" + pick(b, b" 0", b" 1", b" 1", b" 2", b"\r\n 2", b" -1", b" 99999999999999999999", b" 1.5", b"", b" x", b" 3600",
                                  b" Sun, 08 Mar 2026 07:00:02 GMT",
                                  b" Sun, 08 Mar 2026 06:59:00 GMT", b" Sunday, 08-Mar-26 07:00:01 GMT", b" Sun Mar  8 07:00:01 2026", b" 1 ",
                                  b" 1, 2", b" \t1",
                                  b" Fri, 31 Dec 9999 23:59:59 GMT", b" " + b"1" * 100, b" 1\0", b"1"))
    if b.rng.random() < 0.7:
        add(b, b"Date: Sun, 08 Mar 2026 07:00:00 GMT")


# --- interim answers ---

@quirk("interim", 3)
def interim(b):
    one = pick(b, b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Processing\r\n\r\n",
               b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n",
               b"HTTP/1.1 199 What\r\nX: y\r\n\r\n", b"HTTP/1.1 100\r\n\r\n", b"HTTP/1.1 100 Continue\r\n X: y\r\n\r\n",
               b"HTTP/1.0 100 Continue\r\n\r\n",
               b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n", b"HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n",
               b"HTTP/1.1 103 Early Hints\r\nLocation: /x\r\nConnection: close\r\n\r\n", b"HTTP/1.1 100 Continue\n\n",
               b"HTTP/1.1 103 x\r\nSet-Cookie: a=b\r\n\r\n",
               b"HTTP/1.1 100 C\r\nRetry-After: 1\r\n\r\n")
    b.interim = [one] * pick(b, 1, 1, 1, 2, 10, 500 if b.rng.random() < 0.3 else 3)


@quirk("interim-body", 0.7)
def interim_body(b):
    b.interim = [b"HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\nok"]


@quirk("interim-only", 0.5)
def interim_only(b):
    b.interim = [b"HTTP/1.1 100 Continue\r\n\r\n"] * pick(b, 1, 3)
    b.status_line, b.headers, b.first, b.newline, b.head_end, b.framed, b.behind = b"", [], [], b"", b"", ([], b""), b""
    b.end = pick(b, "close", "close", "reset", "keep")


@quirk("switching", 0.7)
def switching(b):
    b.status_line = b"HTTP/1.1 101 Switching Protocols"
    add(b, *pick(b, (b"Connection: Upgrade", b"Upgrade: websocket"), (b"Upgrade: h2c", b"Connection: Upgrade"), ()))
    if b.rng.random() < 0.5:
        b.framed = ([], b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(b.tag) + b.tag)
    b.end = pick(b, "close", "close", "close", "keep")


# --- lengths ---

def lengths(b, *values):
    b.framed = ([b"Content-Length:" + value for value in values], b"" if b.has_no_body else b.content)


@quirk("length-equal")
def length_equal(b):
    n = b" %d" % len(b.content)
    lengths(b, *pick(b, (n, n), (n, n, n), (n + b"," + n,), (n + b" ,\t" + n.strip(),)))


@quirk("length-unequal", 3)
def length_unequal(b):
    n, m = b" %d" % len(b.content), b" %d" % pick(b, 0, 2, len(b.content) + 5, max(0, len(b.content) - 3), 1 << 40)
    if n == m:
        m = b" 7"
    lengths(b, *pick(b, (n, m), (m, n), (n + b"," + m,), (n, n, m)))


@quirk("length-odd", 3)
def length_odd(b):
    n = len(b.content)
    lengths(b, pick(b, b" +%d" % n, b" -%d" % n, b" 0x%x" % n, b" %d." % n, b" %d.0" % n, b" %de0" % n, b" %dx" % n, b" %d;" % n, b"", b" ", b" x",
                    b" \"%d\"" % n, b" 0%d" % n,
                    b" %d %d" % (n, n), b"\t%d\t" % n, b" %d\0" % n, b" -1", b" 0000000000000000000000%d" % n, b" \xd9\xa3",
                    b" %d," % n, b" ,%d" % n))


@quirk("length-huge", 2)
def length_huge(b):
    lengths(b, b" %d" % pick(b, 1 << 31, (1 << 31) - 1, 1 << 32, (1 << 32) + len(b.content), (1 << 63) - 1, 1 << 63, 1 << 64,
                             (1 << 64) + len(b.content), 10 ** 30))
    b.end = pick(b, "close", "close", "reset", "keep")


@quirk("length-too-long", 2)
def length_too_long(b):
    lengths(b, b" %d" % (len(b.content) + pick(b, 1, 2, 100, 100000)))
    b.end = pick(b, "close", "close", "reset", "cut")


@quirk("length-too-short", 3)
def length_too_short(b):
    lengths(b, b" %d" % pick(b, 0, 1, max(0, len(b.content) - 1), len(b.content) // 2))


@quirk("body-of-none", 2)
def body_of_none(b):
    """Bytes behind an answer that has no body."""
    if not b.has_no_body:
        b.set_status(pick(b, 204, 304))
    b.framed = (pick(b, [b"Content-Length: %d" % len(b.content)], [b"Transfer-Encoding: chunked"], []), pick(b, b.content, b.chunks(), b"0\r\n\r\n"))


# --- chunks ---

def chunked(b, body):
    b.framed = ([b"Transfer-Encoding: chunked"], b"" if b.has_no_body else body)


@quirk("chunk-odd-size", 3)
def chunk_odd_size(b):
    size = len(b.content)
    chunked(b, pick(b, b"0x%x" % size, b"-%x" % size, b"+%x" % size, b" %x" % size, b"%x " % size, b"\t%x" % size, b"%xg" % size,
                    b"%x.0" % size, b"", b"g", b"%x,5" % size,
                    b"0" * 20 + b"%x" % size, b"1" + b"0" * 15 + b"%x" % size, b"1" + b"0" * 16 + b"%x" % size, b"ffffffffffffffff",
                    b"7fffffffffffffff", b"8000000000000000",
                    b"%x\0" % size, b"%x\r" % size, b"%x;" % size, b"%x x" % size, b"\xff", b"%x" % (size + 1), b"%x" % max(0, size - 1),
                    b"f" * 300, b"%x" % (1 << 32 | size))
            + b"\r\n" + b.content + b"\r\n0\r\n\r\n")


@quirk("chunk-extension", 2)
def chunk_extension(b):
    chunked(b, b.chunks(extension=pick(b, b";a", b";a=b", b";a=\"b;c\"", b" ; a = b", b";", b";\0", b";" + b"x" * 1000, b";a=\"", b";\xff", b";0",
                                       b"   ")))


@quirk("chunk-line-ends", 3)
def chunk_line_ends(b):
    end = pick(b, b"\n", b"\r\r\n", b"", b"\r", b"X\r\n", b"\n\n", b" \r\n", b"\r\nX")
    data = b.content[:1000]
    chunked(b, pick(b, b"%x\r\n" % len(data) + data + end + b"0\r\n\r\n", b"%x" % len(data) + end + data + b"\r\n0\r\n\r\n",
                    b"%x\r\n" % len(data) + data + b"\r\n0" + end + b"\r\n", b"%x\r\n" % len(data) + data + b"\r\n0\r\n" + end))


@quirk("chunk-no-end", 3)
def chunk_no_end(b):
    whole = b.chunks()
    chunked(b, pick(b, whole[:-5], whole[:-2], whole[:-3], whole[:-4], whole[:len(whole) // 2], b"", b"0", b"0\r",
                    b"%x\r\n" % len(b.content) + b.content))
    b.end = pick(b, "close", "close", "reset", "keep", "cut")


@quirk("trailers", 2)
def trailers(b):
    chunked(b, b.chunks(trailers=pick(b, b"X: y\r\n", b"X: y\r\nZ: w\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n",
                                      b"Location: /x\r\n", b"Connection: close\r\n",
                                      b" X: y\r\n", b"X: a\r\n b\r\n", b"no colon\r\n", b"HTTP/1.1 500 No\r\n", b"X: \0\r\n", b"X: y\n", b": \r\n",
                                      b"Set-Cookie: a=b\r\n",
                                      b"X: " + b"z" * pick(b, 5000, 70000, 110000) + b"\r\n", b"X: y\r\n" * pick(b, 100, 20000),
                                      b"Retry-After: 0\r\n", b"\r\n", b"X: y\r\nContent-Length:")))


@quirk("both-framings", 2)
def both_framings(b):
    body = b.chunks()
    b.framed = ([b"Transfer-Encoding: chunked", b"Content-Length: %d" % pick(b, len(b.content), len(body), 0, 3)], b"" if b.has_no_body else body)
    if b.rng.random() < 0.5:
        b.framed[0].reverse()


@quirk("coding", 3)
def coding(b):
    body = pick(b, b.chunks(), b.content, b.content)
    b.framed = (pick(b, [b"Transfer-Encoding: gzip, chunked"], [b"Transfer-Encoding: gzip"], [b"Transfer-Encoding: chunked, gzip"],
                     [b"Transfer-Encoding: chunked, chunked"],
                     [b"Transfer-Encoding: identity"], [b"Transfer-Encoding: identity", b"Content-Length: %d" % len(body)],
                     [b"Transfer-Encoding: x"], [b"Transfer-Encoding:"],
                     [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"], [b"Transfer-Encoding: Chunked"],
                     [b"Transfer-Encoding: \tchunked "],
                     [b"Transfer-Encoding: chunked;q=1"], [b"Transfer-Encoding: xchunked"], [b"Transfer-Encoding: chunked\0"],
                     [b"Transfer-Encoding: \"chunked\""],
                     [b"Transfer-Encoding: chunked, identity"], [b"Transfer-Encoding: , chunked"], [b"Transfer-Encoding: deflate, chunked"],
                     [b"Transfer-Encoding" + b": gzip, " * 9 + b"chunked"],
                     [b"TE: chunked", b"Content-Length: %d" % len(body)]), b"" if b.has_no_body else body)
    if b.rng.random() < 0.6:
        b.end = "close"


# --- what is behind, and the end ---

def another(b, status=b"200 OK", mark=b"!"):
    """A whole answer without a request."""
    tag = b.tag[:-1] + mark + b"]"
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n\r\n" % len(tag) + tag


@quirk("excess", 3)
def excess(b):
    b.behind = pick(b, another(b), another(b), another(b, b"500 No"), another(b) * 3, b"x", b"\r\n", b"\r\n\r\n", b"\0", b"HTTP/1.1 ", b"0\r\n\r\n",
                    b"garbage" * 5000,
                    b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n")


@quirk("late-excess", 3)
def late_excess(b):
    b.late = [(pick(b, 1, 5, 30, 100), pick(b, another(b), another(b), another(b, b"500 No"), b"x", b"\r\n",
                                            b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                                            b"HTTP/1.1 200 OK\r\nContent-Length: 5", b"0\r\n\r\n", b"\x15\x03\x03\x00\x02\x01\x00"))]


@quirk("reset", 2)
def reset(b):
    b.end = "reset"


@quirk("closed", 2)
def closed(b):
    b.end = pick(b, "close", "close", "cut")


@quirk("stays-silent", 0.4)
def stays_silent(b):
    b.framed = ([b"Content-Length: 100000"], b.content)
    b.end = "keep"


@quirk("nothing", 1)
def nothing(b):
    b.status_line, b.headers, b.first, b.newline, b.head_end, b.framed, b.interim, b.before, b.behind = b"", [], [], b"", b"", ([], b""), [], b"", b""
    b.end = pick(b, "close", "close", "reset")


@quirk("eager", 2)
def eager(b):
    b.eager = True


@quirk("large-body", 0.4)
def large_body(b):
    b.set_content(pick(b, 300000, 1048576 - len(b.tag), 1048577, 1500000))
    b.framed = None


# --- redirects ---

@quirk("odd-redirect", 4)
def odd_redirect(b):
    places = {name: place.encode() for name, place in b.setting.places.items()}
    path = b"/r/" + b.tag[1:-1]
    b.set_status(pick(b, 301, 302, 302, 303, 307, 308))
    b.headers = [line for line in b.headers if not line.lower().startswith(b"location")]
    add(b, b"Location:" + pick(b, b"", b" ", b" /r/self", b" ?x", b" #x", b" .", b" ..", b" //", b" http:", b" http://", b" http:///x",
                               b" http:/r/x", b" https", b" file:///etc/passwd", b" ftp://127.0.0.1/x",
                               b" gopher://127.0.0.1:1/_x", b" dict://127.0.0.1:1/x", b" javascript:alert(1)", b" data:,x", b" mailto:a@b",
                               b" ldap://127.0.0.1/", b" ws://127.0.0.1/", b" //[::1", b" http://[::1]:1/",
                               b" http://127.0.0.1:1/closed", b" http://127.0.0.1:0/", b" http://127.0.0.1:99999/", b" http://127.0.0.1:-1/",
                               b" http://127.0.0.1:x/", b" http://a b/", b" /r/a b",
                               b" /r/\xc3\xa4", b" /r/\0x", b" /r/%00%0d%0a", b" \\\\127.0.0.1\\x",
                               b" http://user:pass@" + places["http"].split(b"//")[1] + path, b" /r/" + b"l" * pick(b, 3000, 60000),
                               b"\t" + path, path, b" " + path + b"  ",
                               b"\r\n " + path, b" HTTP://" + places["http"].split(b"//")[1] + path, b" " + places["https"] + path,
                               b" " + places["http"] + b"?" + b"q" * 500,
                               b" \"" + path + b"\"", b" <" + path + b">", b" http://0x7f.1:1/", b" http://%31%32%37.0.0.1:1/",
                               b" http://\xe4.invalid:1/", b" http://" + b"a" * 300 + b":1/", b" /r/../../../x", b" /./r/x"))


@quirk("two-locations")
def two_locations(b):
    b.set_status(pick(b, 301, 302, 307))
    add(b, b"Location: /r/one", b"Location: /r/two")


@quirk("location-of-no-redirect", 2)
def location_of_no_redirect(b):
    b.set_status(pick(b, 300, 304, 305, 306, 399, 200, 201, 202, 400, 503))
    add(b, b"Location: " + b.good_location())


@quirk("no-location")
def no_location(b):
    b.set_status(pick(b, 301, 302, 303, 307, 308))
    b.headers = [line for line in b.headers if not line.lower().startswith(b"location")]


@quirk("redirects-for-ever")
def redirects_for_ever(b):
    b.set_status(pick(b, 301, 302, 303, 307, 308))
    add(b, b"Location: " + pick(b, b"/r/self", b"/r/" + b.tag[1:-1] + b"?again", list(b.setting.places.values())[0].encode() + b"/r/self"))
