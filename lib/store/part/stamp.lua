-- part stamp: which job it is, and what was done to it.

-- A job's stamp and its state; false where it is gone or somebody wrote something else under its name. The stamp is when the job was
-- created, and `.<epoch>` where its time was ever changed, or it was paused or resumed. Claims and entries of `retry` carry it: so a job
-- that was deleted and made again is another job, and a first attempt is void once the job's time is another one.
local function read_stamp(job_key)
    local life = redis.pcall('HMGET', job_key, 'created', 'epoch', 'state')
    if life.err or not life[1] then
        return false
    end
    return life[2] and life[1] .. '.' .. life[2] or life[1], life[3] or 'ACTIVE'
end

-- The same of a job whose fields have been read.
local function stamp_of(job)
    return job.epoch and job.created .. '.' .. job.epoch or job.created
end

local function job_stamp(job_prefix, id)
    return read_stamp(job_prefix .. id)
end

-- Are two stamps of the same job, whatever was done to it in between? (Either may be false.)
local function is_same_job(a, b)
    return a and b and a:match('^%d+') == b:match('^%d+')
end

-- Is the job that a stamp is of still there, whatever was done to it since?
local function is_there(job_key, stamp)
    local created = redis.pcall('HGET', job_key, 'created')
    return type(created) == 'string' and is_same_job(created, stamp)
end
