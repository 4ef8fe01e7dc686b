-- set_aside: a claimed job cannot be read: take it out of the way, so that the others go on, and remember its name.
-- KEYS[1] claimed:<runner>  KEYS[2] broken
-- ARGV[1] <id><scheduled>
-- Returns 1, or 0 where the claim is not the runner's.
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then
    return 0
end
redis.call('ZADD', KEYS[2], string.format('%.0f', now_ms()), ARGV[1]:sub(1, 32))
return 1
