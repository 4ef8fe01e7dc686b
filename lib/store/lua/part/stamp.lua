-- part stamp: which job it is, and what was done to it.
-- needs: write

-- Claims and entries of `retry` carry their job's stamp: so they are void once it is another job, or first attempts once its time has
-- changed. A stamp is which job of its id it is, and `.<epoch>` where its time was ever changed, or it was paused or resumed. `created`
-- says which job it is; where that may be as old as an earlier job of its id (part taken), `born` does, a token.
local function stamp_from(created, born, epoch)
    local which = born and born:match('^%d+$') or created
    return epoch and which .. '.' .. epoch or which
end

local function stamp_of(job)
    return stamp_from(job.created, job.born, job.epoch)
end

-- The stamp and the state of the job that is stored under a key; false where it is gone or the key holds something else.
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

-- Returns true if two stamps are of the same job, whatever was done to it in between. (Either may be false.)
local function is_same_job(a, b)
    return a and b and (a == b or which_job(a) == which_job(b))
end

-- Returns true if the job of a stamp is still there, whatever was done to it since.
local function is_there(id, stamp)
    local fields = try('HMGET', job_prefix .. id, 'created', 'born')
    return fields and fields[1] and is_same_job(stamp_from(fields[1], fields[2]), stamp)
end
