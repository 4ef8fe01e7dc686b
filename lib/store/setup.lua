-- setup: fix the number of shards when a database is first used, and tell it ever after.
-- KEYS[1] dronc:shards  KEYS[2] dronc:runners: another slot, see store_database.h
-- ARGV[1] the number that the caller was built with
-- Returns the number in force.
-- Reading comes first: a Redis that takes no writes just now can still be read.
local shards = redis.call('GET', KEYS[1])
if not shards then
    redis.call('SET', KEYS[1], ARGV[1])
    shards = ARGV[1]
end
return shards
