"""Bytes made wrong, one small step or a few: whatever the grammar does not think of."""

WORDS = [b"\0", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b":", b";", b",", b"\xff", b"\x80", b"0", b"-1", b"+1", b"0x10",
         b"99999999999999999999", b"18446744073709551616", b"9223372036854775807", b"9223372036854775808", b"4294967296", b"HTTP/1.1 200 OK\r\n",
         b"HTTP/1.0 ", b"HTTP/2 ", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"\r\n x",
         b"Location: /x\r\n", b"chunked", b"0\r\n\r\n", b"%s%n", b"\x16\x03\x01", b"A" * 5000]


def flip(rng, data):
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1:]


def put_byte(rng, data):
    at = rng.randrange(len(data))
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1:]


def put_word(rng, data):
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(WORDS) + data[at:]


def drop(rng, data):
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.choice((1, 1, 1, 2, 4, 20)):]


def truncate(rng, data):
    return data[:rng.randrange(len(data))]


def repeat_line(rng, data):
    lines = data.split(b"\r\n")
    at = rng.randrange(len(lines))
    return b"\r\n".join(lines[:at] + [lines[at]] * rng.choice((2, 2, 3, 50)) + lines[at + 1:])


def swap_lines(rng, data):
    lines = data.split(b"\r\n")
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return b"\r\n".join(lines)


def drop_line(rng, data):
    lines = data.split(b"\r\n")
    del lines[rng.randrange(len(lines))]
    return b"\r\n".join(lines)


def repeat_bytes(rng, data):
    at, size = rng.randrange(len(data)), rng.choice((1, 2, 8, 64))
    return data[:at] + data[at:at + size] * rng.choice((2, 3, 100)) + data[at + size:]


STEPS = [flip, put_byte, put_word, put_word, drop, truncate, repeat_line, swap_lines, drop_line, repeat_bytes]
HEAD = 400  # most steps are taken where the framing is


def mutate(rng, data):
    """The mutated bytes, and a word for what was done."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if not data:
            break
        step = rng.choice(STEPS)
        head, tail = (data[:HEAD], data[HEAD:]) if rng.random() < 0.8 else (data, b"")
        data = step(rng, head) + (b"" if step is truncate else tail)
    return data, "mutated"
