"""Start-up with a million jobs stored, 100,000 of them overdue: how long until the first call."""
import statistics
import time

from common import Runner, Target, calls_of, plant, recorded, wait_for


def run(bench):
    million, count = bench.million(), bench.pick(100_000, 20_000)
    firsts, rates = [], []
    for n in range(bench.pick(3, 1)):
        home = bench.home()
        target, db = Target(home), million.db
        before = recorded(db)
        plant(db, f"overdue{n}", count, target.url, int(time.time() * 1000) - 20_000, 10, 1)
        began = time.time()
        runner = Runner(home, million.redis)
        wait_for(lambda: recorded(db) - before >= count, 120, "all records")  # pylint: disable=cell-var-from-loop
        rates.append(count / (time.time() - began))
        runner.terminate()
        calls = calls_of(target, count, "startup")
        firsts.append(min(call.at_us for call in calls) / 1e6 - began)
        target.program.kill()
    first = statistics.median(firsts)
    bench.row("start-up", f"{million.count:,} jobs, {count:,} overdue: first call", f"{first * 1000:.0f} ms", f"slowest {max(firsts) * 1000:.0f} ms",
              "", "≤ 1 s", first <= 1)
    bench.row("start-up", "the backlog, from the start on", f"{statistics.median(rates):,.0f}/s")
