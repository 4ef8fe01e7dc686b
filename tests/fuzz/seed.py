#!/usr/bin/python3
"""Write a seed for a fuzzer to standard output.

    seed.py cron ZONE INSTANT SCHEDULE        e.g. Pacific/Apia 2011-12-29T00:00 '0 12 * * *' >seeds/cron/gap-apia.cron
    seed.py zone FOOTER [INSTANT=OFFSET_S…]   a TZif file: the offsets begin at these instants, after 0

A seed of fuzz_cron is text: a letter for the zone, eight characters that stand for the instant, then the schedule.
"""
import calendar
import itertools
import string
import struct
import sys
import time

ZONES = ("America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Antarctica/Troll", "Europe/Dublin",
         "Asia/Kathmandu", "UTC")  # in the order of fuzz_cron.c's pick_zone
PERIOD_S = 7258118400  # fuzz_cron.c takes an instant modulo this
LETTERS = (string.ascii_letters + string.digits).encode()


def instant_s(text):
    """The second of "2011-12-29T00:00", in UTC."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M"))


def printable(instant):
    """Eight letters and digits that fuzz_cron.c reads as the instant, or as one up to ten minutes later: few bytes are letters."""
    for high in itertools.product(LETTERS, repeat=4):
        base = int.from_bytes(high, "little") << 32
        low = (instant - base) % PERIOD_S
        for second in range(600):
            if all(byte in LETTERS for byte in (low + second).to_bytes(5, "little")[:4]) and low + second < 1 << 32:
                return (base + low + second).to_bytes(8, "little")
    raise ValueError(f"no text means {instant}")


def cron_seed(zone, instant, schedule):
    """Input of fuzz_cron. Bit 3 of the first byte has it keep the instant within the years that count."""
    return bytes([ord("h") + ZONES.index(zone)]) + printable(instant_s(instant)) + schedule.encode("utf-8")


def block(changes, time_format, version):
    """One header of a TZif file with its table. Type 0 is offset 0, which holds before the first change."""
    offsets = [0, *(offset for _, offset in changes)]
    header = b"TZif" + version + bytes(15) + struct.pack(">6L", 0, 0, 0, len(changes), len(offsets), 4)
    times = b"".join(struct.pack(time_format, at) for at, _ in changes)
    types = b"".join(struct.pack(">lBB", offset, 0, 0) for offset in offsets)
    return header + times + bytes(range(1, len(changes) + 1)) + types + b"ABC\0"


def zone_seed(footer, *changes):
    """Input of fuzz_zone: a file of version 2."""
    pairs = [change.split("=") for change in changes]
    table = [(instant_s(at), int(offset)) for at, offset in pairs]
    return block([], ">l", b"2") + block(table, ">q", b"2") + b"\n" + footer.encode() + b"\n"


if __name__ == "__main__":
    makers = {"cron": cron_seed, "zone": zone_seed}
    if len(sys.argv) < 3 or sys.argv[1] not in makers:
        raise SystemExit(__doc__)
    sys.stdout.buffer.write(makers[sys.argv[1]](*sys.argv[2:]))
