"""Bytes in Redis for each stored job: 100,000 minimal jobs, posted, so stored as the handler stores them."""
import signal

from common import SHARDS, Program, Stack, environment, start_redis, wait_for, wrk_command


def used(db):
    """used_memory, when nothing is on its way to the append-only file."""
    wait_for(lambda: db.info("persistence")["aof_buffer_length"] == 0 and not db.info("persistence")["aof_rewrite_in_progress"], 60)
    return db.info("memory")["used_memory"]


def average(db, keys):
    keys = list(keys)
    return sum(db.memory_usage(key, samples=0) for key in keys) / len(keys), len(keys)


def jobs(db):
    return sum(db.zcard(f"dronc:{{{shard}}}:due") for shard in range(SHARDS))


def post(home, stack, db, count):
    """wrk knows no number of requests to stop at."""
    wrk = Program(home, "wrk", wrk_command(f"http://127.0.0.1:{stack.port}/v1/schedule/api-caller", 32, 300, "post", "m", count),
                  environment())
    wait_for(lambda: jobs(db) > count, 300, f"{count} jobs")
    wrk.signal(signal.SIGINT)
    wrk.exit_code()


def run(bench):
    count = bench.pick(100_000, 20_000)
    redis = start_redis(bench.home(), "everysec")
    stack = Stack(bench.home(), FCGI_PROCESSES=None, REDIS_SOCKET=redis.socket).start()
    db = redis.client()
    stack.schedule("0 0 29 2 *", "https://example.com/first")  # what is made once is not the jobs' cost
    before = used(db)
    post(bench.home(), stack, db, count)
    if jobs(db) != count + 1:
        raise RuntimeError(f"{count} jobs were posted and {jobs(db) - 1} stored")
    each = (used(db) - before) / count
    job, _ = average(db, [key for _, key in zip(range(1000), db.scan_iter("dronc:*:job:*", count=1000))])
    bench.row("memory", f"Redis, {count:,} jobs: used_memory, each", f"{each:.0f} bytes", "", "", "≤ 450", each <= 450)
    bench.row("memory", "of that by MEMORY USAGE: the job's hash", f"{job:.0f} bytes")
    for index in ("due", "jobs*"):
        size, keys = average(db, db.scan_iter(f"dronc:*:{index}", count=10_000))
        bench.row("memory", f"of that by MEMORY USAGE: its part of {index}", f"{size * keys / count:.0f} bytes")
