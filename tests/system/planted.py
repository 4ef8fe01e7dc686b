"""Records in Redis as runners leave them, without any call having been made."""
import random

from harness import id_bytes, job_key, key_of


def plant(db, instants_of, feed=True, history=200, outcome=lambda ms: "s"):
    """Write attempts into Redis as runners do, in the order of time; each call came 7 ms late and took 12."""
    with db.pipeline(transaction=False) as pipe:
        for instant, job_id in sorted((instant, job_id) for job_id, instants in instants_of.items() for instant in instants):
            ms = round(instant * 1000)
            record = f"o:{outcome(ms)} s:{ms} a:1 x:{ms + 7} t:12 h:200 l:7 r:planted"
            pipe.lpush(job_key(job_id, "history"), record)
            pipe.ltrim(job_key(job_id, "history"), 0, history - 1)
            if feed:
                pipe.xadd(key_of(job_id, "executions"), {"j": id_bytes(job_id), "r": record}, id=f"{ms + 20}-*")
        pipe.execute()


def plant_dead(db, occurrences, died=None):
    """Write dead occurrences, (job, scheduled ms) each, as the scripts do: after attempt 6, which was answered with a 503."""
    with db.pipeline(transaction=False) as pipe:
        for n, (job_id, ms) in enumerate(occurrences):
            member = id_bytes(job_id) + str(ms).encode()
            pipe.zadd(key_of(job_id, "dead"), {member: ms + 30_000 if died is None else died(n)})
            pipe.hset(key_of(job_id, "dead:records"), member,
                      f"o:f s:{ms} a:6 x:{ms + 29_000} t:5 h:503 l:2 r:planted c:http e:status 503")
        pipe.execute()


def job_ids(count, seed):
    """Ids as jobs have them, spread over the shards."""
    random.seed(seed)
    return ["capi:" + random.randbytes(32).hex() for _ in range(count)]
