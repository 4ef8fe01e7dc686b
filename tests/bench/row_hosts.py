"""10,000 different hosts (addresses of 127.0.0.0/8), due at once, three times: descriptors and memory stay bounded."""
import time

from common import Runner, Target, calls_of, number, open_files, peak_mib, percentile, lateness_ms, plant, recorded, start_redis, wait_for, wake

IN_FLIGHT = 1000  # RUNNER_MAX_IN_FLIGHT as shipped; as many idle connections are kept


def run(bench):
    count, times = bench.pick(10_000, 2_000), bench.pick(3, 2)
    home = bench.home()
    target, redis = Target(home), start_redis(home)
    db = redis.client()
    runner = Runner(home, redis).wait_until_ready()
    files, peaks = [], []
    for n in range(times):
        at = int(time.time()) + 2
        plant(db, f"hosts{n}", count, f"http://@:{target.port}/", at * 1000)
        wake(db, at * 1000)

        def over(wanted=count * (n + 1)):
            files.append(open_files(runner.pid))
            return recorded(db) >= wanted
        wait_for(over, 60, "all records")
        peaks.append(peak_mib(runner.pid))
    late = lateness_ms(calls_of(target, count * times, "hosts"))
    bench.row("hosts", f"{count:,} hosts at once, {times} times: most files open", f"{max(files)}", f"{files[-1]} at the end", "",
              f"≤ {2 * IN_FLIGHT + 100}", max(files) <= 2 * IN_FLIGHT + 100)
    bench.row("hosts", "runner's peak memory after each time", " ".join(f"{p:.0f}" for p in peaks) + " MiB", "", f"{peaks[-1] / peaks[0]:.2f}",
              "≤ 1.1", peaks[-1] <= 1.1 * peaks[0])
    bench.row("hosts", "lateness p50, a new connection each", f"{number(percentile(late, 50))} ms", f"most {number(max(late))} ms")
    runner.terminate(60)
