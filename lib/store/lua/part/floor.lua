-- part floor: the latest instant of an id that is taken though no claim and no history says so.
-- needs: write

-- `floor` is a field of the job's hash, and of an id without a job its score in `gone`. It is written where something ends, or is
-- recorded, before its instant has come: a call that is cancelled, an occurrence that is skipped, or Redis' clock was set back meanwhile.
-- Likewise where something ends whose job is gone, since that has no history; and where a started attempt is handed back unsent.

-- Of a job that is there.
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
