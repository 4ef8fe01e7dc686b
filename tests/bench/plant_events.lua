-- plant_events: what attempts leave behind (finish.lua), many at a time: records in a shard's feed, or one job's history.
-- ARGV[1] shard  [2] id (32 bytes)  [3] into the feed: how many  [4] into the job's history: how many  [5] instant of the first (ms)
local shard, id, feed, history, at = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

local function record(n)
    local scheduled = string.format('%.0f', at + n * 1000)
    return 'o:s s:' .. scheduled .. ' x:' .. scheduled .. ' t:12 h:200 a:1 l:0 r:planted-1-0123abcd'
end

for n = 1, feed do
    redis.call('XADD', 'dronc:{' .. shard .. '}:executions', 'MAXLEN', '~', 100000, '*', 'j', id, 'r', record(n))
end
local lines = {}
for n = 1, history do
    lines[n] = record(n)
end
if history > 0 then
    redis.call('LPUSH', 'dronc:{' .. shard .. '}:history:' .. id, unpack(lines))
end
