-- part gone: what is remembered of a job that goes: in the sorted set `gone`, id → the latest instant that was taken; of the latest GONE_MAX, for
-- a day. where: as for part taken.
-- needs: write taken

local GONE_MAX = 10000
local GONE_KEPT_MS = 86400000
local CLOCK_TOLERANCE_MS = 1000 -- a handler's; STORE_CLOCK_TOLERANCE_MS

-- A job goes: remember what it has taken. All that is over is, too, should Redis' clock be set back; and so is all up to when it was
-- created, which a handler's clock may have told: a job that is created later is another one by that alone (part stamp). (Not where Redis'
-- clock was set back behind that: until then nothing need have been called.)
local function keep_gone(where, id, now)
    local created = tonumber(try('HGET', where.job_prefix .. id, 'created') or nil) or 0
    created = created <= now + CLOCK_TOLERANCE_MS and created or 0
    write('ZADD', where.gone_key, 'GT', as_text(math.max(now, created, floor_of(where, id, now))), id)
    redis.call('ZREMRANGEBYSCORE', where.gone_key, '-inf', as_text(now - GONE_KEPT_MS))
    local excess = redis.call('ZCARD', where.gone_key) - GONE_MAX
    if excess > 0 then
        redis.call('ZREMRANGEBYRANK', where.gone_key, 0, excess - 1)
    end
end
