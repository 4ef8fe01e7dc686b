-- part life: all that is known of a job.
-- needs: definition

-- What a job's hash holds besides its definition, each only where it is not at its default (1, 0, ACTIVE, nothing).
local LIFE = {'version', 'epoch', 'state', 'state_reason', 'state_note', 'state_since', 'state_by', 'failures', 'notice',
    'running', 'waiting', 'runs', 'born'}

-- All that is known of a job but its history, put behind what is in reply: when it is due (nil: it does not wait for an instant), when it
-- was set aside (nil: it was not), then its definition and LIFE.
local function append_job(reply, job_key, due_key, broken_key, id)
    local definition = try('HMGET', job_key, unpack(DEFINITION)) or {}
    local life = try('HMGET', job_key, unpack(LIFE)) or {}
    local n = #reply
    reply[n + 1] = redis.call('ZSCORE', due_key, id)
    reply[n + 2] = redis.call('ZSCORE', broken_key, id)
    for i = 1, 2 do
        -- A score may be written as 1.7e+12.
        reply[n + i] = reply[n + i] and string.format('%.0f', tonumber(reply[n + i]))
    end
    append_definition(reply, definition)
    n = #reply
    for i = 1, #LIFE do
        reply[n + i] = life[i] or false
    end
end
