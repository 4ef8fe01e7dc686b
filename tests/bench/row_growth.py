"""Does it matter how much is stored? Calls per second, and lateness of 1,000 on one second, with 1,000, 100,000 and 1,000,000 jobs."""
import statistics
import time

from common import Runner, Stored, Target, herd, lateness_ms, middle, plant, recorded, wait_for


def seconds_of_thousand(home, stored, target, tag):
    """The median over three seconds of the last call's lateness."""
    db, before, earlier, at = stored.db, recorded(stored.db), target.count(), int(time.time()) + 2
    plant(db, tag, 3000, target.url, at * 1000, 1000, 1000)
    runner = Runner(home, stored.redis, name=f"runner-{tag}").wait_until_ready()
    wait_for(lambda: recorded(db) - before >= 3000, 60, "all records")
    runner.terminate()
    calls = [call for call in target.calls(earlier + 3000) if call.due_ms >= at * 1000]
    return statistics.median(max(lateness_ms(c for c in calls if c.due_ms == (at + n) * 1000)) for n in range(3))


def run(bench):
    count, rounds = bench.pick(30_000, 10_000), bench.pick(3, 1)
    sizes = {1_000: Stored(bench.home(), 1_000)}
    if not bench.quick:
        sizes[100_000] = Stored(bench.home(), 100_000)
    sizes[bench.million().count] = bench.million()
    rates, lates = {size: [] for size in sizes}, {size: [] for size in sizes}
    for n in range(rounds):
        for size, stored in sizes.items():
            home = bench.home()
            target = Target(home)
            rates[size].append(herd(home, stored.redis, target.url, count, f"growth{size}-{n}").rate)
            lates[size].append(seconds_of_thousand(home, stored, target, f"seconds{size}-{n}"))
            target.program.kill()
    least, *more = sizes
    for size in more:
        pairs = list(zip(rates[size], rates[least]))
        bench.compared("growth", f"calls, {size:,} jobs stored", pairs, "/s", f"{least:,} stored", at_least=0.85)
    for size in more:
        pairs = list(zip(lates[size], lates[least]))
        bench.compared("growth", f"last of 1,000 on a second, {size:,} jobs stored", pairs, " ms", f"{least:,} stored", at_most=1.15)
