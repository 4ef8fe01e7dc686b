-- forget: take a runner off the list.
-- needs: clock
-- Returns 1 if it was on the list and has been removed.
local expiry = redis.call('ZSCORE', runners_key, runner)
if not expiry or (only_expired == '1' and tonumber(expiry) > now_ms()) then
    return 0
end
return redis.call('ZREM', runners_key, runner)
