-- part definition: a job's definition.
-- needs: write

-- What a job's hash holds: when it was created, then the fields of its definition in the order of lib/job/job_fields.c.
local DEFINITION = {'created', 'schedule', 'api', 'type', 'timezone', 'catch_up', 'catch_up_window_s', 'catch_up_max',
    'method', 'headers', 'body', 'body_base64', 'timeout_ms', 'connect_timeout_ms', 'follow_redirects', 'success',
    'retry', 'retry_unsent', 'retry_client_errors', 'description', 'tags',
    'name',
    'overlap', 'pause_after_failures', 'on_failure_url', 'on_recovery_url',
    'keep_response',
    'starts_at', 'ends_at', 'jitter_ms', 'max_runs'}

-- A job's fields by name; false: there is no such job; nil: its hash lacks what each job has, or somebody put something else there.
local function read_job(job_key)
    local count = try('HLEN', job_key)
    if count == 4 then
        -- Most jobs have nothing but what each has, and it is told without looking at what there is.
        local fields = redis.call('HMGET', job_key, 'created', 'schedule', 'api', 'type')
        return fields[1] and fields[2] and fields[3] and fields[4]
            and {created = fields[1], schedule = fields[2], api = fields[3], type = fields[4], is_plain = true} or nil
    end
    local list, job = try('HGETALL', job_key) or {}, {}
    for i = 1, #list, 2 do
        job[list[i]] = list[i + 1]
    end
    return count ~= 0 and (job.created and job.schedule and job.api and job.type and job or nil)
end

-- Put a definition behind what is in reply; fields that it lacks become nil.
local function append_definition(reply, fields)
    local n = #reply
    for i = 1, #DEFINITION do
        reply[n + i] = fields[i] or false
    end
end
