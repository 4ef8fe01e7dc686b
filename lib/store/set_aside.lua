-- set_aside: a claimed job cannot be read: take it out of the way, so that the others go on, and remember its name.
-- KEYS[1] claimed:<runner>  KEYS[2] broken
-- ARGV[1] <id><scheduled>  [2] ticket
-- Returns 1, or 0 where the claim is not the runner's.
local _, held = parse_claim(redis.call('HGET', KEYS[1], ARGV[1]))
if held ~= ARGV[2] then
    return 0
end
write('ZADD', KEYS[2], string.format('%.0f', now_ms()), ARGV[1]:sub(1, 32))
redis.call('HDEL', KEYS[1], ARGV[1])
return 1
