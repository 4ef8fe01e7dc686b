-- part definition: a job's definition.

-- What a job's hash holds: when it was created, then the fields of its definition in the order of lib/job_fields.c.
local DEFINITION = {'created', 'schedule', 'api', 'type', 'timezone', 'catch_up', 'catch_up_window_s', 'catch_up_max',
    'method', 'headers', 'body', 'body_base64', 'timeout_ms', 'connect_timeout_ms', 'follow_redirects', 'success',
    'retry', 'retry_unsent', 'retry_client_errors', 'description', 'tags',
    'name',
    'overlap', 'pause_after_failures', 'on_failure_url', 'on_recovery_url',
    'keep_response',
    'starts_at', 'ends_at', 'jitter_ms', 'max_runs'}

-- A job's definition, false for each field that is not there; nil where there is none, or not all that each job has. Second result: the hash
-- holds nothing but what each job has.
local function read_definition(job_prefix, id)
    -- Most jobs have nothing but that, and looking for all the rest would be a third of what a claim costs.
    local key, some = job_prefix .. id, #DEFINITION
    if redis.pcall('HLEN', key) == 4 then
        some = 4
    end
    local fields = redis.pcall('HMGET', key, unpack(DEFINITION, 1, some))
    if not fields.err and fields[1] and fields[2] and fields[3] and fields[4] then
        return fields, some == 4
    end
end

-- What a definition has besides the three fields that each job has, as one text: for each field that is there its place in
-- lib/job_fields.c (from 0), its length, and the value: "<place> <length> <value>", a line end behind each. false: nothing.
local function pack_others(fields)
    local others = {}
    for i = 5, #fields do
        if fields[i] then
            others[#others + 1] = (i - 2) .. ' ' .. #fields[i] .. ' ' .. fields[i] .. '\n'
        end
    end
    return #others > 0 and table.concat(others)
end

-- Put a definition behind what is in reply; fields that it lacks become nil.
local function append_definition(reply, fields)
    local n = #reply
    for i = 1, #DEFINITION do
        reply[n + i] = fields[i] or false
    end
end
