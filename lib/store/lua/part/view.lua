-- part view: everything that Redis knows about a job, except its history.
-- needs: definition number write

local STATE = {STATE_FIELDS}

local function append_fields(reply, key, names)
    local n, fields = #reply, try('HMGET', key, unpack(names)) or {}
    for i = 1, #names do
        reply[n + i] = fields[i] or false
    end
end

-- Append to reply: when the job is due (nil: it waits for no instant), when it was found broken (nil: it is not), then DEFINITION and
-- STATE.
local function append_job(reply, key, id)
    local n = #reply
    reply[n + 1] = redis.call('ZSCORE', due_key, id)
    reply[n + 2] = redis.call('ZSCORE', broken_key, id)
    for i = n + 1, n + 2 do
        reply[i] = reply[i] and as_text(tonumber(reply[i])) -- a score may be written as 1.7e+12
    end
    append_fields(reply, key, DEFINITION)
    append_fields(reply, key, STATE)
end
