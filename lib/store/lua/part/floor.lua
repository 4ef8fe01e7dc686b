-- part floor: the latest instant of an id that is taken although no claim and no history shows it.
-- needs: write

-- `floor` is a field of the job's hash; for an id without a job it is the score in `gone`. It is written when something ends or is recorded
-- before its instant has come: a call is cancelled, an occurrence is skipped, or Redis' clock was set back in the meantime. It is also
-- written when something ends whose job is gone, because that has no history, and when a started attempt is handed back unsent.

-- Raise the floor of a job that exists.
local function raise_job_floor(id, instant)
    local key = job_prefix .. id
    if (tonumber(try('HGET', key, 'floor') or nil) or 0) < tonumber(instant) then
        try('HSET', key, 'floor', instant)
    end
end

local function raise_floor(id, instant)
    if redis.call('EXISTS', job_prefix .. id) == 0 then
        write('ZADD', gone_key, 'GT', instant, id)
    else
        raise_job_floor(id, instant)
    end
end
