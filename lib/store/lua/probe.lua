-- probe: would a job be stored? Tries what a POST writes with, in ways that change nothing (and so cost no disk): Redis looks at its
-- role, the user's rights, its memory and its disk before it looks at the key.
-- KEYS[1] dronc:shards  KEYS[2] dronc:runners
-- ARGV as setup's. Returns what is in force, as setup does.
redis.call('SET', KEYS[1], tonumber(ARGV[2]) * 10000 + ARGV[1], 'NX')
redis.call('ZADD', KEYS[2], 'XX', '0', '')
redis.call('ZREM', KEYS[2], '')
-- There is no HSET that changes nothing, but one that fails for the type of its key.
local hset = redis.pcall('HSET', KEYS[1], 'f', 'v')
if not hset.err:find('^WRONGTYPE') then
    return hset
end
redis.call('PUBLISH', 'dronc:wake', '') -- nothing that anybody knows
return redis.call('GET', KEYS[1])
