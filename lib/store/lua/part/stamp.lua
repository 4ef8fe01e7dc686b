-- part stamp: which job of its id a job is, and how often its time has changed.
-- needs: write

-- Claims and entries of `retry` carry their job's stamp. They are void once another job has the id; first attempts also once the job's time
-- has changed. A stamp says which job of its id it is, then `.<epoch>` if its time was ever changed, or it was paused or resumed. `created`
-- says which job it is, unless an earlier job of the id may be as young (part taken): then `born` does, a token.
local function stamp_from(created, born, epoch)
    local which = born and born:match('^%d+$') or created
    return epoch and which .. '.' .. epoch or which
end

local function stamp_of(job)
    return stamp_from(job.created, job.born, job.epoch)
end

-- Returns the stamp and the state of the job that is stored under a key; false if it is gone or the key holds another type.
local function read_stamp(key)
    local fields = try('HMGET', key, 'created', 'born', 'epoch', 'state')
    if not fields or not fields[1] then
        return false
    end
    return stamp_from(fields[1], fields[2], fields[3]), fields[4] or 'ACTIVE'
end

local function job_stamp(id)
    return read_stamp(job_prefix .. id)
end

-- The part of a stamp that says which job it is.
local function which_job(stamp)
    return stamp:match('^%d+')
end

-- Returns true if two stamps are of the same job, whatever has changed in between. (Either may be false.)
local function is_same_job(a, b)
    return a and b and (a == b or which_job(a) == which_job(b))
end

-- Returns true if the job of a stamp still exists, whatever has changed since.
local function is_there(id, stamp)
    local fields = try('HMGET', job_prefix .. id, 'created', 'born')
    return fields and fields[1] and is_same_job(stamp_from(fields[1], fields[2]), stamp)
end
