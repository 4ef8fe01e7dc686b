-- rate_take: may a client send one more request, by its rate? Counts it if so.
-- needs: bucket number write
-- Returns 1 (it may) or 0, how many more it may send at once, and how long (ms): until it may send `burst` at once again, or, after a 0, one.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local found = tonumber(try('GET', rate_key) or nil)
local is_taken, full_at, left = take_token(found, now, interval_us, burst)
local full_in = math.ceil((full_at - now) / 1000)
if full_at ~= found then
    redis.call('SET', rate_key, as_text(full_at), 'PX', as_text(full_in))
end
if is_taken then
    return {1, left, full_in}
end
return {0, 0, math.ceil(wait_for_token(full_at, now, interval_us, burst) / 1000)}
