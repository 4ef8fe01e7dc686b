-- setup: fix the number of shards when a database is first used, and tell it ever after.
-- KEYS[1] dronc:shards
-- ARGV[1] the number that the caller was built with
-- Returns the number in force.
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])
