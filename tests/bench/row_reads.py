"""What is read: health, the preview, the executions of all jobs and of one, with few and with many events stored, beside libfcgi's hello."""
import hashlib
import random
import time

from common import HERE, SHARDS, Stack, start_redis, without_log, wrk
from row_post import hello_stack

HISTORY = 200  # records that a job keeps
FEED = 100_000  # records that a shard's feed keeps
NEWEST = 20  # of these, in each shard: those that a page may show
PREVIEW = "/v1/schedule/preview?schedule=0%209%20*%20*%201-5&timezone=Europe/Berlin&from=2026-01-01T00:00:00Z"


def job_id(n):
    return hashlib.sha256(str(n).encode()).digest()


def plant_events(db, events):
    """What `events` attempts leave, 200 of each job: every history, and the feeds as far as they reach. The newest records of the feeds are
    spread over the shards at random, as attempts are."""
    script = db.register_script((HERE / "plant_events.lua").read_text())
    at = int(time.time() * 1000) - events * 10
    by_shard = {job_id(n)[0] % SHARDS: job_id(n) for n in range(1000)}
    for n in range(events // HISTORY):
        script(args=[job_id(n)[0] % SHARDS, job_id(n), 0, HISTORY, at])
    left = min(FEED, events // SHARDS) - NEWEST
    while left > 0:
        for shard in range(SHARDS):
            script(args=[shard, by_shard[shard], min(left, 500), 0, at])
        left -= 500
    newest = [shard for shard in range(SHARDS) for _ in range(NEWEST)]
    random.Random(0).shuffle(newest)
    for shard in newest:
        script(args=[shard, by_shard[shard], 1, 0, at])


def events_stack(bench, events):
    redis = start_redis(bench.home(), "everysec")
    db = redis.client()
    back = without_log(db)
    plant_events(db, events)
    back()
    return Stack(bench.home(), FCGI_PROCESSES=None, REDIS_SOCKET=redis.socket).start()


def run(bench):
    few, many, seconds, rounds = 5_000, bench.pick(5_000_000, 200_000), bench.pick(3, 1), bench.pick(3, 1)
    hello, small, large = hello_stack(bench), events_stack(bench, few), events_stack(bench, many)
    one = f"/v1/track/executions?limit=50&job_id=capi:{job_id(7).hex()}"
    asked = {"hello": (hello, "/hello"), "health": (small, "/health"), "preview": (small, PREVIEW),
             "all, few": (small, "/v1/track/executions?limit=50"), "all, many": (large, "/v1/track/executions?limit=50"),
             "one, few": (small, one), "one, many": (large, one)}
    for stack, path in asked.values():
        answer = stack.get(path)
        assert answer.status == 200 and ("track" not in path or answer.json["count"] == 50), answer
    rates = {name: [] for name in asked}
    for _ in range(rounds):
        for name, (stack, path) in asked.items():
            result = wrk(f"http://127.0.0.1:{stack.port}{path}", 32, seconds, "get")
            rates[name].append(result["rate"])
            if result["bad"]:
                bench.problems.append(f"reads: {result['bad']} answers were not 2xx ({name})")

    def beside(name, other):
        return list(zip(rates[name], rates[other]))
    bench.compared("GET", "/health", beside("health", "hello"), "/s", "hello", at_least=0.9)
    bench.compared("GET", "/v1/schedule/preview", beside("preview", "hello"), "/s", "hello")
    for name, what in (("all", "executions, 50 of all jobs"), ("one", "executions, 50 of one job")):
        bench.compared("GET", f"{what}, {few:,} events", beside(f"{name}, few", "hello"), "/s", "hello", at_least=0.3)
        bench.compared("GET", f"{what}, {many:,} events", beside(f"{name}, many", "hello"), "/s", "hello", at_least=0.3)
        bench.compared("GET", f"{what}, {many:,} events beside {few:,}", beside(f"{name}, many", f"{name}, few"), "/s", f"{few:,} events",
                       at_least=0.95)
