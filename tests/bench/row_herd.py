"""The herd: 100,000 due on one second, while clients use the API, other hosts have jobs of their own, and more comes after it. The whole
stack as shipped, appendfsync always."""
import threading
import time

from common import Stack, Target, calls_of, lateness_ms, number, open_files, peak_mib, percentile, plant, recorded, wait_for, wake


class Clients:
    """Somebody uses the API meanwhile, 100 requests a second: two that schedule, for each that looks."""

    def __init__(self, stack):
        self.stack, self.took_ms, self.bad, self.stopping = stack, [], 0, False
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        asked = 0
        while not self.stopping:
            began = time.monotonic()
            asked += 1
            if asked % 3:
                answer = self.stack.post({"schedule": "0 0 29 2 *", "api": f"https://example.com/meanwhile/{asked}", "type": "ATLEAST_ONCE"})
            else:
                answer = self.stack.get("/v1/track/executions")
            self.took_ms.append((time.monotonic() - began) * 1000)
            self.bad += answer.status not in (200, 201)
            time.sleep(max(0, began + 0.01 - time.monotonic()))

    def stop(self):
        self.stopping = True
        self.thread.join()


def run(bench):
    count = bench.pick(100_000, 20_000)
    herd, other = Target(bench.home()), Target(bench.home())
    stack = Stack(bench.home(), FCGI_PROCESSES=None, LOG_FORMAT="json").start()
    db, runner = stack.redis(), stack.pids("runner")[0]
    at = int(time.time() + count / 10_000) + 3
    seconds = bench.pick(4, 1)  # the first of the herd
    plant(db, "others", seconds * 100, other.url, at * 1000, 1, 10)
    plant(db, "herd", count, herd.url, at * 1000)
    wake(db, at * 1000)
    assert time.time() < at - 0.3, "planting took too long"
    time.sleep(at - time.time())
    clients, files = Clients(stack), []

    def over():
        files.append(open_files(runner))
        return herd.count() >= count
    wait_for(over, 120, "the whole herd")
    took = time.time() - at
    clients.stop()
    wait_for(lambda: recorded(db) >= count + seconds * 100, 60, "all records")
    peak = peak_mib(runner)
    after = int(time.time()) + 2
    plant(db, "after", 500, other.url, after * 1000, 1, 10)
    wake(db, after * 1000)
    wait_for(lambda: recorded(db) >= count + seconds * 100 + 500, 60, "all records")
    stack.stop()
    calls_of(herd, count, "herd")
    others = calls_of(other, seconds * 100 + 500, "other hosts beside the herd")
    meanwhile = lateness_ms(c for c in others if c.due_ms < after * 1000)
    afterwards = lateness_ms(c for c in others if c.due_ms >= after * 1000)
    late = percentile(afterwards, 99)
    p99 = percentile(clients.took_ms, 99)
    bench.row("herd", f"{count:,} on one second, whole stack, always: called once each", f"{count:,} in {took:.1f} s", "", "", "all", True)
    bench.row("herd", "runner's peak memory", f"{peak:.0f} MiB", f"{max(files)} files open", "", "≤ 128 MiB", peak <= 128)
    bench.row("herd", f"API meanwhile: p99 of {len(clients.took_ms)} requests", f"{p99:.1f} ms", f"p50 {percentile(clients.took_ms, 50):.1f} ms",
              "", "≤ 20 ms", p99 <= 20 and not clients.bad)
    bench.row("herd", "other hosts' calls meanwhile: lateness p99", f"{number(percentile(meanwhile, 99))} ms", f"p50 {number(percentile(meanwhile, 50))} ms")
    bench.row("herd", "calls after it: lateness p99", f"{number(late)} ms", f"most {number(max(afterwards))} ms", "", "≤ 10 ms", late <= 10)
    if clients.bad:
        bench.problems.append(f"herd: {clients.bad} of {len(clients.took_ms)} API requests failed meanwhile")
