-- plant: store jobs as the handler does (job_create.lua), many at a time, without the handler.
-- ARGV[1] tag, so that no two plantings make the same job  [2] number of the first  [3] how many  [4] schedule  [5] api ('@': an address
-- of 127.0.0.0/8, another for each)  [6] type  [7] first due instant (ms)  [8] jobs due at one instant  [9] milliseconds to the
-- next instant  [10] created (ms)
local tag, first, count, schedule, api, kind = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local due, together, step, created = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10]
local many_hosts = api:find('@', 1, true)

local function address(n)
    return string.format('127.%d.%d.%d', 1 + math.floor(n / 40000), math.floor(n / 200) % 200, 1 + n % 200)
end

for n = first, first + count - 1 do
    local shard = n % 16
    local id = string.char(n % 256) .. redis.sha1hex(tag .. n):sub(1, 31)
    local at = string.format('%.0f', due + math.floor(n / together) * step)
    redis.call('ZADD', 'dronc:{' .. shard .. '}:due', at, id)
    redis.call('HSET', 'dronc:{' .. shard .. '}:job:' .. id, 'created', created, 'schedule', schedule, 'api',
        many_hosts and api:gsub('@', address(n)) or api, 'type', kind)
end
