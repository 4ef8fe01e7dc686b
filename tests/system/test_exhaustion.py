"""One client fills Dronc with jobs, batches and idempotency keys: Redis stays within its budget, and every call is made.

EXHAUST_S: for how long (60 for the measurement in docs; a few seconds otherwise)."""
import collections
import os
import threading
import time

import pytest

from harness import NEVER_SOON, SCALE, wait_for

SECONDS = float(os.environ.get("EXHAUST_S") or 6)
JOBS_MAX, IDEMPOTENCY_BYTES = 1600, 4 * 1024 * 1024
BODY = "x" * 16000


class Filler:
    """Sends what takes most, as fast as it is answered."""

    def __init__(self, handler, number):
        self.handler, self.number, self.count, self.jobs = handler, number, 0, 0
        self.answers, self.over = collections.Counter(), False
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def job(self):
        self.jobs += 1
        return {"schedule": NEVER_SOON, "api": f"http://h/{self.number}/{self.jobs}", "type": "ATLEAST_ONCE", "method": "POST", "body": BODY}

    def _run(self):
        ways = (self._post, self._post_with_key, self._batch, self._batch_with_key, self._errors_with_key, self._repeat)
        while not self.over:
            way = ways[self.count % len(ways)]
            self.count += 1
            self.answers[way.__name__.strip("_"), way().status] += 1

    def _key(self):
        return f"{self.number}-{self.count}"

    def _post(self):
        return self.handler.post(self.job())

    def _post_with_key(self):
        return self.handler.post({**self.job(), "body": "x" * 20}, idempotency_key=self._key())

    def _batch(self):
        return self.handler.batch([self.job() for _ in range(100)])

    def _batch_with_key(self):
        return self.handler.batch([self.job() for _ in range(100)], idempotency_key=self._key())

    def _errors_with_key(self):
        return self.handler.batch("{}\n" * 1000, idempotency_key=self._key())

    def _repeat(self):
        """The key of what was sent last, for something else."""
        return self.handler.post(self.job(), idempotency_key=f"{self.number}-{self.count - 1}")

    def stop(self):
        self.over = True
        self.thread.join()
        return self.answers


def bytes_of_a_job(handler, db):
    """What Redis takes for one more of them, index and all."""
    def fill(n):
        return handler.batch([{"schedule": NEVER_SOON, "api": f"http://h/sample/{k}", "type": "ATLEAST_ONCE", "method": "POST", "body": BODY}
                              for k in range(n, n + 100)])

    fill(0)
    before = db.info("memory")["used_memory"]
    fill(100)
    size = (db.info("memory")["used_memory"] - before) / 100
    for job_id in handler.all_jobs(limit=200):
        assert handler.delete(job_id).status == 204
    return size


@pytest.mark.alone
def test_one_client_that_fills_all_it_can_keeps_redis_within_its_budget_and_calls_go_on(make_handler, make_runner, redis, own_target):
    handlers = [make_handler(JOBS_MAX=JOBS_MAX, IDEMPOTENCY_BYTES=IDEMPOTENCY_BYTES) for _ in range(4)]
    make_runner()
    hook = own_target.hook()
    with redis.client() as db:
        size = bytes_of_a_job(make_handler(), db)
        witness = handlers[0].schedule("* * * * * *", hook.url)
        handlers[0].wait_for_executions(witness, 1)
        budget = db.info("memory")["used_memory"] + JOBS_MAX * size + IDEMPOTENCY_BYTES
        fillers = [Filler(handler, n) for n, handler in enumerate(handlers)]
        begin, most = int(time.time()) + 1, 0
        while time.time() < begin + SECONDS * SCALE:
            most = max(most, db.info("memory")["used_memory"])
            time.sleep(0.1)
        answers = sum((filler.stop() for filler in fillers), collections.Counter())
        end = int(time.time())
        kept = sum(int(count) for count in db.hvals("dronc:idem:used"))
        jobs = sum(db.zcard(key) for key in db.keys("dronc:{*}:jobs:*"))
    print(f"\n{most / 1e6:.1f} MB of {budget / 1e6:.1f} MB ({most / budget:.1%}), {jobs} jobs, {kept / 1e6:.2f} MB for keys; {dict(sorted(answers.items()))}", end="")
    assert most <= budget * 1.05 and jobs <= JOBS_MAX and kept <= IDEMPOTENCY_BYTES
    assert jobs > 0.9 * JOBS_MAX and answers["post", 507] > 0, "it did not try hard enough"
    assert {status for _, status in answers} <= {200, 201, 422, 507}

    def called():
        return {run["scheduled_time"] for run in handlers[0].executions(job_id=witness, limit=200) if run["outcome"] == "succeeded"}
    wait_for(lambda: set(range(begin, end)) <= called(), 10, "every call")
