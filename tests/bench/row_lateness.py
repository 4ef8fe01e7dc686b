"""Lateness, from the scheduled instant until the target has read the call: a million jobs stored, appendfsync always as shipped. First
little to do, then 1,000 calls a second, each at a millisecond of its own, then 1,000 on each second."""
import statistics
import time

from common import Runner, Target, calls_of, herd, lateness_ms, number, percentile, plant, recorded, wait_for


def phase(calls, begin_ms, end_ms):
    return [call for call in calls if begin_ms <= call.due_ms < end_ms]


def spread(bench, what, calls, reach="", limit=None):
    late = lateness_ms(calls)
    p50 = percentile(late, 50)
    bench.row("lateness", f"{what}: p50", f"{p50:.2f} ms", f"p99 {number(percentile(late, 99))} ms, most {number(max(late))} ms", "", reach,
              None if limit is None else p50 <= limit)


def run(bench):
    million = bench.million()
    home = bench.home()
    target, db = Target(home), million.db
    low, busy = bench.pick(20, 3), bench.pick(30, 3)  # seconds
    before = recorded(db)
    low_ms = (int(time.time()) + bench.pick(6, 3)) * 1000
    spread_ms = low_ms + low * 1000 + 500
    second_ms = (spread_ms // 1000 + busy + 2) * 1000
    plant(db, "low", low * 20, target.url, low_ms + 7, 1, 50)
    plant(db, "spread", busy * 1000, target.url, spread_ms, 1, 1)
    plant(db, "seconds", busy * 1000, target.url, second_ms, 1000, 1000)
    runner = Runner(home, million.redis).wait_until_ready()
    assert time.time() * 1000 < low_ms - 200, "planting took too long"
    total = low * 20 + busy * 2000
    time.sleep(second_ms / 1000 + busy - time.time())
    wait_for(lambda: recorded(db) - before >= total, 60, "all records")
    runner.terminate()
    calls = calls_of(target, total, "lateness")
    spread(bench, f"20 a second, {million.count:,} jobs stored", phase(calls, low_ms, low_ms + low * 1000), "≤ 1 ms", 1)
    spread(bench, f"1,000 a second, one each millisecond, {busy} s", phase(calls, spread_ms, spread_ms + busy * 1000))
    boundaries = [lateness_ms(phase(calls, at, at + 1000)) for at in range(second_ms, second_ms + busy * 1000, 1000)]
    rate = herd(home, million.redis, target.url, bench.pick(30_000, 10_000), "rate").rate
    report_boundaries(bench, boundaries, rate, busy)


def report_boundaries(bench, boundaries, rate, busy):
    late = [x for boundary in boundaries for x in boundary]
    first, last = statistics.median(map(min, boundaries)), statistics.median(map(max, boundaries))
    limit = 1000 / rate * 1000 + 10
    bench.row("lateness", f"1,000 on one second, {busy} s: the first", f"{first:.2f} ms", f"worst second {number(max(map(min, boundaries)))} ms",
              "", "≤ 5 ms", first <= 5)
    bench.row("lateness", "1,000 on one second: the last", f"{number(last)} ms", f"worst second {number(max(map(max, boundaries)))} ms",
              "", f"≤ {limit:.0f} ms (1,000 at {rate:,.0f}/s, and 10)", last <= limit)
    bench.row("lateness", "1,000 on one second: all", f"p50 {number(percentile(late, 50))} ms", f"p99 {number(percentile(late, 99))} ms")
