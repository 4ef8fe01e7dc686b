-- job_create: store a job and make it due, unless it is there.
-- needs: clock index token taken gone watched
-- KEYS[1] the job's hash  KEYS[2] due  KEYS[3] broken  KEYS[4] retry  KEYS[5] holders  KEYS[6] index of the jobs
-- KEYS[7] executions  KEYS[8] gone  KEYS[9] token
-- ARGV[1] id (32 bytes)  [2] shard  [3] first due instant (ms; '': none, its state says why)  [4] created (ms)  [5] by how much that may differ from Redis' clock (ms),
--   [6] prefix of the runners' claims  [7] prefix of the jobs' keys  [8] prefix of the histories' keys, then the name and the value of each
--   field of the definition that is not at its default, and of its life, where it comes from a backup
-- Returns 1 when it was created, 0 when it was there already (nothing is changed then), -1 when it was and its definition has been changed
-- since, -2 where nothing was stored because that instant is over by now: the next one is to be told. Less than that: nothing was stored
-- because it was taken for an earlier job of the id, and so are all up to the one that this tells (ms, the sign apart).
-- One that had been set aside because it could not be read is made anew. Where `created` is not now, nothing is stored and Redis'
-- clock returned (ms): the caller has to build the job again as of that.

-- Runners ask each shard every 30 s in any case (DUE_RECHECK_MS): of what is due later than this they learn in time without being told.
-- Twice as long, since they may be late.
local LEARNT_MS = 60000
local id, shard, due, created = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local where = {retry_key = KEYS[4], holders_key = KEYS[5], executions_key = KEYS[7], gone_key = KEYS[8], claimed_prefix = ARGV[6],
    job_prefix = ARGV[7], history_prefix = ARGV[8]}
-- Mostly neither it is there, nor any job that was set aside or deleted: then there is nothing to look at, and nothing to clear away.
local clear = redis.call('EXISTS', KEYS[1], KEYS[3], KEYS[8]) == 0
if not clear and redis.call('EXISTS', KEYS[1]) == 1 and not redis.call('ZSCORE', KEYS[3], id) then
    if not is_indexed(KEYS[6], id) then
        index_add(KEYS[6], id) -- a version without an index stored it
    end
    return try('HEXISTS', KEYS[1], 'version') == 1 and -1 or 0
end
local now = now_ms()
if math.abs(now - created) > tonumber(ARGV[5]) then
    return now
end
-- One that was set aside is as good as deleted.
if not clear and redis.call('EXISTS', KEYS[1]) ~= 0 then
    keep_gone(where, id, now)
end
local gone = not clear and try('ZSCORE', KEYS[8], id)
-- Of an id that was not deleted lately only what is called in a moment may be taken.
local refused = due and (gone or due - now < 1000) and refuse_instant(where, id, due, false, now, tonumber(gone or 0))
if refused and refused ~= 'late' then
    return -refused
elseif refused and due > created then
    return -2
end
-- First what may fail, because somebody put something else there: a script that fails is not rolled back.
if due then
    redis.call('ZADD', KEYS[2], ARGV[3], id)
else
    redis.call('ZREM', KEYS[2], id)
end
if not clear then
    try('ZREM', KEYS[3], id)
    redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[1], 'created', ARGV[4], unpack(ARGV, 9))
if gone then
    redis.call('HSET', KEYS[1], 'floor', as_text(tonumber(gone)))
    redis.call('ZREM', KEYS[8], id)
end
if gone and (created <= tonumber(gone) or is_set_back(where, now)) then
    redis.call('HSET', KEYS[1], 'born', next_token(KEYS[9], redis.call('TIME'))) -- it may be as old as the one before it, to a millisecond
end
if due and due % 1000 ~= 0 and #ARGV > 14 then -- more than a schedule, an api and a type
    note_offset(KEYS[1], due)
end
index_add(KEYS[6], id)
if due and due - now < LEARNT_MS then
    wake(shard, due)
end
return 1
