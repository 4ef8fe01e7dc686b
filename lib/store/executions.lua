-- executions: the latest attempts of a shard's feed, newest first.
-- KEYS[1] executions
-- ARGV[1] only those before this position ('' : from the end)  [2] limit
-- Returns position, id, record of each.
local entries = redis.call('XREVRANGE', KEYS[1], ARGV[1] == '' and '+' or '(' .. ARGV[1], '-', 'COUNT', ARGV[2])
local reply = {}
for _, entry in ipairs(entries) do
    local n = #reply
    -- An entry that is not one of ours has no such fields; the caller skips it.
    reply[n + 1], reply[n + 2], reply[n + 3] = entry[1], entry[2][2], entry[2][4] or ''
end
return reply
