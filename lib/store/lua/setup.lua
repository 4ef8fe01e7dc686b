-- setup: fix the number of shards when a database is first used, and tell it ever after; raise the level of what is stored in it.
-- KEYS[1] dronc:shards  KEYS[2] dronc:runners: another slot, see store_database.h
-- ARGV[1] the number of shards that the caller was built with  [2] the level that is to be in force at least
-- Returns what is in force: the number of shards, and 10,000 for each level.
-- Reading comes first: a Redis that takes no writes just now can still be read.
local found = redis.call('GET', KEYS[1])
local shards, level, known = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(found or ARGV[1])
if found and (not known or known % 10000 ~= shards or math.floor(known / 10000) >= level) then
    return found
end
local new = string.format('%d', level * 10000 + shards)
redis.call('SET', KEYS[1], new)
if level > 0 then
    redis.call('PUBLISH', 'dronc:wake', 'level ' .. ARGV[2])
end
return new
