-- heartbeat: prove that a runner is alive, and return Redis' time and the list of runners.
-- needs: clock number
-- Returns Redis' clock (microseconds), whether there are API keys (1 or 0), then for each runner its id and when its heartbeat expires (ms).
local time = redis.call('TIME')
local expiry = as_text(now_ms() + lease_ms)
-- The removal comes first, because Redis always accepts it, and lets a script that has written go on writing when its memory is full: a
-- heartbeat must come through.
redis.call('ZREM', runners_key, runner)
-- After Redis' clock was set back, no runner may count as alive for longer than a lease.
for _, other in ipairs(redis.call('ZRANGEBYSCORE', runners_key, '(' .. expiry, '+inf')) do
    redis.call('ZADD', runners_key, 'XX', expiry, other)
end
redis.call('ZADD', runners_key, expiry, runner)
local reply = redis.call('ZRANGE', runners_key, 0, -1, 'WITHSCORES')
table.insert(reply, 1, as_text(time[1] * 1000000 + time[2]))
table.insert(reply, 2, redis.call('EXISTS', keys_key))
return reply
