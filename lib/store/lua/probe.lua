-- probe: find out whether a job would be stored. Tries the commands with which a POST writes, so that they change nothing (and cost no
-- disk): Redis checks its role, the user's rights, its memory and its disk before it looks at the key.
-- Returns what is in force, as setup does.
redis.call('SET', shards_key, level * LEVEL_STEP + shard_count, 'NX')
redis.call('ZADD', runners_key, 'XX', '0', '')
redis.call('ZREM', runners_key, '')
-- No HSET changes nothing; but one fails because of the type of its key.
local hset = redis.pcall('HSET', shards_key, 'f', 'v')
if not hset.err:find('^WRONGTYPE') then
    return hset
end
redis.call('PUBLISH', WAKE_CHANNEL, '') -- a message that no runner knows
return redis.call('GET', shards_key)
