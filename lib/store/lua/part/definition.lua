-- part definition: a job's definition.
-- needs: write

-- The fields of a job's hash: when it was created, then its definition.
local DEFINITION = {'created', FIELDS}

-- Returns a job's fields by name; false: there is no such job; nil: its hash lacks a field that every job has, or the key holds another
-- type.
local function read_job(key)
    local count = try('HLEN', key)
    if count == 4 then
        -- Most jobs have only the fields that every job has: then there is nothing else to read.
        local fields = redis.call('HMGET', key, 'created', 'schedule', 'api', 'type')
        return fields[1] and fields[2] and fields[3] and fields[4]
            and {created = fields[1], schedule = fields[2], api = fields[3], type = fields[4], is_plain = true} or nil
    end
    local list, job = try('HGETALL', key) or {}, {}
    for i = 1, #list, 2 do
        job[list[i]] = list[i + 1]
    end
    return count ~= 0 and (job.created and job.schedule and job.api and job.type and job or nil)
end
