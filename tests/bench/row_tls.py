"""An https target, with connections used again and without, beside the bare loop. The certificate is self-made and verified."""
from common import TOOLS, NginxTarget, bare_loop, herd, start_redis


def run(bench):
    for keep, count in ((True, bench.pick(50_000, 10_000)), (False, bench.pick(5_000, 2_000))):
        target = NginxTarget(bench.home(), tls=True, keep=keep)
        trust = {"LD_PRELOAD": TOOLS / "trust.so", "BENCH_CA": target.authorities}
        rates, costs = [], []
        for n in range(bench.pick(3, 1)):
            home = bench.home()
            redis = start_redis(home, "everysec")
            ours = herd(home, redis, target.url, count, f"tls{n}", settings=trust)
            redis.kill()
            rate, cost = bare_loop(target.url, count, **trust)
            rates.append((ours.rate, rate))
            costs.append((ours.runner_us, cost))
        how = "connections used again" if keep else "a connection for each call"
        bench.compared("TLS", f"calls, {how}", rates, "/s", "bare loop")
        bench.compared("TLS", f"runner's CPU per call, {how}", costs, " µs", "bare loop")
        target.program.kill()
