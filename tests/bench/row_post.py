"""POST /v1/schedule/api-caller beside libfcgi's hello, both behind nginx/dronc.conf, started by scripts/run with the shipped settings."""
import shutil

from common import DIST, TOOLS, Stack, start_redis, wrk


def hello_stack(bench):
    """scripts/run, with hello_fcgi in the place of dronc-fcgi."""
    programs = bench.home()
    shutil.copy(TOOLS / "hello_fcgi", programs / "dronc-fcgi")
    shutil.copy(DIST / "dronc-runner", programs / "dronc-runner")
    return Stack(bench.home(), FCGI_PROCESSES=None, DRONC_DIST=programs).start()


def dronc_stack(bench, appendfsync):
    redis = start_redis(bench.home(), appendfsync)
    stack = Stack(bench.home(), FCGI_PROCESSES=None, REDIS_SOCKET=redis.socket).start()
    return stack, redis.client()


def stored(db):
    return sum(db.zcard(f"dronc:{{{shard}}}:due") for shard in range(16))


def run(bench):
    seconds, rounds, path = bench.pick(3, 1), bench.pick(3, 1), "/v1/schedule/api-caller"
    stacks = {"hello": (hello_stack(bench), None), "everysec": dronc_stack(bench, "everysec"), "always": dronc_stack(bench, "always")}
    for connections in (8, 32, 128):
        found = {name: [] for name in stacks}
        for n in range(rounds):
            for name, (stack, _) in stacks.items():
                found[name].append(wrk(f"http://127.0.0.1:{stack.port}{path}", connections, seconds, "post", f"{connections}-{n}"))
        for name, least in (("everysec", 0.5), ("always", 0.35)):
            pairs = [(a["rate"], b["rate"]) for a, b in zip(found[name], found["hello"])]
            bench.compared("POST", f"{connections} connections, {name}", pairs, "/s", "hello", at_least=least)
            report_latency(bench, connections, name, found)
    for name in ("everysec", "always"):
        print(f"  {stored(stacks[name][1]):,} jobs stored with {name}", flush=True)


def report_latency(bench, connections, name, found):
    bad = sum(r["bad"] for r in found[name])
    if bad:
        bench.problems.append(f"post: {bad} answers were not 2xx, or did not come ({connections} connections, {name})")
    if connections == 128:
        p99 = sorted(r["p99_ms"] for r in found[name])[len(found[name]) // 2]
        theirs = sorted(r["p99_ms"] for r in found["hello"])[len(found["hello"]) // 2]
        bench.row("POST", f"{connections} connections, {name}: p99", f"{p99:.1f} ms", f"hello {theirs:.1f} ms", "", "≤ 25 ms", p99 <= 25)
