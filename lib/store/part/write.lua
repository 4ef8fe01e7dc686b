-- part write: commands on keys where somebody may have put something of another type.

-- Run a command, and return what it answers; false where the key holds another type. Any other error is the script's own: Redis is full, a
-- replica, or has moved the key elsewhere, and what cannot be looked at is not to be taken for gone.
local function try(command, key, ...)
    local result = redis.pcall(command, key, ...)
    if type(result) ~= 'table' or not result.err then
        return result
    end
    if not result.err:find('WRONGTYPE', 1, true) then
        error(result.err)
    end
    return false
end

-- Run a write on one of our own keys. What somebody put there gives way: garbage under one job's name must not keep the results of all
-- others from being recorded.
local function write(command, key, ...)
    local result = try(command, key, ...)
    if result == false then
        redis.call('DEL', key)
        result = redis.call(command, key, ...)
    end
    return result
end
