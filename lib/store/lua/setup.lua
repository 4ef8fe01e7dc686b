-- setup: fix the number of shards when a database is first used, and return it from then on; raise the level of what is stored in it.
-- The runners' key is sent because it is in another slot: see store_database.h.
-- Returns what is in force: the number of shards, and LEVEL_STEP for each level.
-- Reads first: a Redis that refuses writes just now can still be read.
local _ = runners_key
local found = redis.call('GET', shards_key)
local known = tonumber(found or shard_count)
if found and (not known or known % LEVEL_STEP ~= shard_count or math.floor(known / LEVEL_STEP) >= level) then
    return found
end
local new = string.format('%d', level * LEVEL_STEP + shard_count)
redis.call('SET', shards_key, new)
if level > 0 then
    redis.call('PUBLISH', WAKE_CHANNEL, WAKE_LEVEL .. level)
end
return new
