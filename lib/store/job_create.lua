-- job_create: store a job and make it due, unless it is there.
-- KEYS[1] the job's hash  KEYS[2] due  KEYS[3] broken
-- ARGV[1] id (32 bytes)  [2] shard  [3] first due instant (ms)  [4] created (ms)  [5] by how much that may differ from Redis' clock (ms),
-- then the name and the value of each field of the definition that is not at its default
-- Returns 1 when it was created, 0 when it was there already (nothing is changed then). One that had been set aside because it
-- could not be read is made anew. Where `created` is not now, nothing is stored and Redis' clock returned (ms): the caller has to
-- build the job again as of that.
local id, shard, due, created = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local exists = redis.call('EXISTS', KEYS[1]) == 1
if exists and not redis.call('ZSCORE', KEYS[3], id) then
    return 0
end
local now = now_ms()
if math.abs(now - created) > tonumber(ARGV[5]) then
    return now
end
if exists then
    redis.call('ZREM', KEYS[3], id)
    redis.call('DEL', KEYS[1])
end
-- First what may fail, because somebody put something else there: a script that fails is not rolled back.
redis.call('ZADD', KEYS[2], due, id)
redis.call('HSET', KEYS[1], 'created', ARGV[4], unpack(ARGV, 6))
wake(shard, tonumber(due))
return 1
