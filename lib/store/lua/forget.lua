-- forget: take a runner off the list.
-- needs: clock
-- KEYS[1] dronc:runners
-- ARGV[1] runner  [2] '1': only if its heartbeat has expired
-- Returns 1 when it was taken off.
local expiry = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not expiry or (ARGV[2] == '1' and tonumber(expiry) > now_ms()) then
    return 0
end
return redis.call('ZREM', KEYS[1], ARGV[1])
