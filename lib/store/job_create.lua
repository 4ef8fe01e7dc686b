-- job_create: store a job and make it due, unless it is there.
-- needs: clock index instant
-- KEYS[1] the job's hash  KEYS[2] due  KEYS[3] broken  KEYS[4] retry  KEYS[5] holders  KEYS[6] index of the jobs
-- ARGV[1] id (32 bytes)  [2] shard  [3] first due instant (ms; '': none, its state says why)  [4] created (ms)  [5] by how much that may differ from Redis' clock (ms),
--   [6] prefix of the runners' claims, then the name and the value of each field of the definition that is not at its default, and
--   of its life, where it comes from a backup
-- Returns 1 when it was created, 0 when it was there already (nothing is changed then), -1 when it was and its definition has been changed
-- since, -2 where nothing was stored because that instant is over by now, or is being called for an earlier job of the same id (which
-- was deleted just now: it may have been called at an instant that is over, too): the next one is to be told.
-- One that had been set aside because it could not be read is made anew. Where `created` is not now, nothing is stored and Redis'
-- clock returned (ms): the caller has to build the job again as of that.

-- Runners ask each shard every 30 s in any case (DUE_RECHECK_MS): of what is due later than this they learn in time without being told.
-- Twice as long, since they may be late.
local LEARNT_MS = 60000
local id, shard, due, created = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local where = {retry_key = KEYS[4], holders_key = KEYS[5], claimed_prefix = ARGV[6]}
-- Mostly neither is there, nor any job that was set aside: then there is nothing to look at, and nothing to clear away.
local clear = redis.call('EXISTS', KEYS[1], KEYS[3]) == 0
if not clear and redis.call('EXISTS', KEYS[1]) == 1 and not redis.call('ZSCORE', KEYS[3], id) then
    if not is_indexed(KEYS[6], id) then
        index_add(KEYS[6], id) -- a version without an index stored it
    end
    return redis.pcall('HEXISTS', KEYS[1], 'version') == 1 and -1 or 0
end
local now = now_ms()
if math.abs(now - created) > tonumber(ARGV[5]) then
    return now
end
local rejected = due and reject_due(where, id, due, false, now)
if rejected == 'taken' or rejected == 'late' and due > created then
    return -2
end
-- First what may fail, because somebody put something else there: a script that fails is not rolled back.
if due then
    redis.call('ZADD', KEYS[2], ARGV[3], id)
else
    redis.call('ZREM', KEYS[2], id)
end
if not clear then
    redis.call('ZREM', KEYS[3], id)
    redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[1], 'created', ARGV[4], unpack(ARGV, 7))
index_add(KEYS[6], id)
if due and due - now < LEARNT_MS then
    wake(shard, due)
end
return 1
