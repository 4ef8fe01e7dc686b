-- part floor: the latest instant of an id that is taken though no claim and no history says so.
-- needs: write
-- where: job_prefix, gone_key.

-- `floor` is a field of the job's hash, and of an id without a job its score in `gone`. It is written where something ends, or is recorded,
-- before its instant has come: a call that is cancelled, an occurrence that is skipped, or Redis' clock was set back meanwhile. Where
-- something ends whose job is gone, for that has no history. And where a started attempt is handed back unsent.
local function raise_floor(where, id, instant)
    local job_key = where.job_prefix .. id
    if redis.call('EXISTS', job_key) == 0 then
        write('ZADD', where.gone_key, 'GT', instant, id)
    elseif (tonumber(try('HGET', job_key, 'floor') or nil) or 0) < tonumber(instant) then
        try('HSET', job_key, 'floor', instant)
    end
end
