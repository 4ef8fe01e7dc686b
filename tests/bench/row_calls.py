"""Calls per second and CPU per call: 100,000 occurrences due at once, nginx as target, beside the bare loop."""
from common import NginxTarget, bare_loop, herd, middle, start_redis


def measure(bench, target, count, appendfsync, runners, tag):
    home = bench.home()
    redis = start_redis(home, appendfsync)
    result = herd(home, redis, target.url, count, tag, runners)
    redis.kill()
    return result


def run(bench):
    count, rounds = bench.pick(100_000, 20_000), bench.pick(3, 1)
    target = NginxTarget(bench.home())
    one, durable, two, bare = [], [], [], []
    for n in range(rounds):
        one.append(measure(bench, target, count, "everysec", 1, f"one{n}"))
        bare.append(bare_loop(target.url, count))
        durable.append(measure(bench, target, count, "always", 1, f"durable{n}"))
        two.append(measure(bench, target, count, "everysec", 2, f"two{n}"))

    def beside_bare(herds, field, which):
        return [(getattr(h, field), b[which]) for h, b in zip(herds, bare)]

    bench.compared("calls", f"{count:,} due at once, everysec", beside_bare(one, "rate", 0), "/s", "bare loop", at_least=0.6)
    bench.compared("calls", f"{count:,} due at once, always", beside_bare(durable, "rate", 0), "/s", "bare loop", at_least=0.45)
    bench.compared("calls", "two runners, everysec", [(a.rate, b.rate) for a, b in zip(two, one)], "/s", "one runner", at_least=1.0)
    bench.compared("CPU", "runner, per call", beside_bare(one, "runner_us", 1), " µs", "bare loop", at_most=1.5)
    bench.row("CPU", "Redis, per call, everysec", middle([h.redis_us for h in one], " µs"))
    bench.row("CPU", "Redis, per call, always", middle([h.redis_us for h in durable], " µs"))
