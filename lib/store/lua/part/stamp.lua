-- part stamp: which job it is, and what was done to it.
-- needs: write

-- A job's stamp is what its claims and entries of `retry` carry, so that they are void once it is another job, or first attempts once its
-- time is another one: which job of its id it is, and `.<epoch>` where its time was ever changed, or it was paused or resumed. Which job it is
-- says `created`; but of one that may be as old as an earlier job of its id (part taken) `born`, a token.
local function stamp_from(created, born, epoch)
    local which = born and born:match('^%d+$') or created
    return epoch and which .. '.' .. epoch or which
end

local function stamp_of(job)
    return stamp_from(job.created, job.born, job.epoch)
end

-- The stamp and the state of the job that is stored under a key; false where it is gone or somebody wrote something else there.
local function read_stamp(job_key)
    local life = try('HMGET', job_key, 'created', 'born', 'epoch', 'state')
    if not life or not life[1] then
        return false
    end
    return stamp_from(life[1], life[2], life[3]), life[4] or 'ACTIVE'
end

local function job_stamp(job_prefix, id)
    return read_stamp(job_prefix .. id)
end

-- The part of a stamp that says which job it is.
local function which_job(stamp)
    return stamp:match('^%d+')
end

-- Are two stamps of the same job, whatever was done to it in between? (Either may be false.)
local function is_same_job(a, b)
    return a and b and (a == b or which_job(a) == which_job(b))
end

-- Is the job that a stamp is of still there, whatever was done to it since?
local function is_there(job_key, stamp)
    local life = try('HMGET', job_key, 'created', 'born')
    return life and life[1] and is_same_job(stamp_from(life[1], life[2]), stamp)
end
