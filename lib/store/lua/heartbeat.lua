-- heartbeat: a runner proves to be alive, and learns Redis' time and who else there is.
-- needs: clock
-- KEYS[1] dronc:runners
-- ARGV[1] runner  [2] for how long (ms)
-- Returns Redis' clock (microseconds), then for each runner its id and when its heartbeat expires (ms).
local time = redis.call('TIME')
local expiry = string.format('%.0f', now_ms() + ARGV[2])
-- Redis lets a script that has written go on writing when its memory is full: a removal may come first, and a heartbeat must come through.
redis.call('ZREM', KEYS[1], ARGV[1])
-- After the clock stepped back, nobody is to be taken for alive longer than a lease.
for _, runner in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. expiry, '+inf')) do
    redis.call('ZADD', KEYS[1], 'XX', expiry, runner)
end
redis.call('ZADD', KEYS[1], expiry, ARGV[1])
local reply = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
table.insert(reply, 1, string.format('%.0f', time[1] * 1000000 + time[2]))
return reply
