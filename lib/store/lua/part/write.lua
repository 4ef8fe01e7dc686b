-- part write: commands on keys that may hold another type, because a person wrote to them by hand.

-- Returns true if an answer says that the key holds another type. Any other error ends the script: Redis is full, a replica, or has moved
-- the key elsewhere, and what cannot be read must not count as gone.
local function is_wrong_type(result)
    if type(result) ~= 'table' or not result.err then
        return false
    end
    if not result.err:find('WRONGTYPE', 1, true) then
        error(result.err)
    end
    return true
end

-- Run a command and return its answer; false if the key holds another type.
local function try(command, key, ...)
    local result = redis.pcall(command, key, ...)
    return not is_wrong_type(result) and result
end

-- Run a write on one of our own keys. Deletes a value of another type first: one damaged key must not keep the results of all other jobs
-- from being recorded.
local function write(command, key, ...)
    local result = redis.pcall(command, key, ...)
    if is_wrong_type(result) then
        redis.call('DEL', key)
        result = redis.call(command, key, ...)
    end
    return result
end
