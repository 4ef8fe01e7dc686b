-- part write: how to write on keys of ours.

-- Run a write on one of our own keys. Where somebody put something of another type there, it gives way: garbage under one job's
-- name must not keep the results of all others from being recorded.
local function write(command, key, ...)
    local result = redis.pcall(command, key, ...)
    if type(result) == 'table' and result.err then
        if not result.err:find('WRONGTYPE', 1, true) then
            error(result.err)
        end
        redis.call('DEL', key)
        result = redis.call(command, key, ...)
    end
    return result
end
