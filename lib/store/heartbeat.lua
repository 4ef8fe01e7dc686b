-- heartbeat: a runner proves to be alive, and learns Redis' time and who else there is.
-- KEYS[1] dronc:runners
-- ARGV[1] runner  [2] for how long (ms)
-- Returns Redis' clock (microseconds), then for each runner its id and when its heartbeat expires (ms).
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], string.format('%.0f', now_ms() + ARGV[2]), ARGV[1])
local reply = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
table.insert(reply, 1, string.format('%.0f', time[1] * 1000000 + time[2]))
return reply
