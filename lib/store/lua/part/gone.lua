-- part gone: what a shard remembers of a deleted job, in the sorted set `gone`: id → the latest instant that was taken.
-- needs: number taken write

-- Remember what a job that is deleted has taken. That is all instants that are over, in case Redis' clock is set back; and all up to the
-- job's creation, by a handler's clock, so that a job that is created later has another stamp. (The latter does not hold if Redis' clock was
-- set back to before the creation: perhaps nothing was called until then.)
local function keep_gone(id, now)
    local made = tonumber(try('HGET', job_prefix .. id, 'created') or nil) or 0
    made = made <= now + CLOCK_TOLERANCE_MS and made or 0
    write('ZADD', gone_key, 'GT', as_text(math.max(now, made, floor_of(id, now))), id)
    redis.call('ZREMRANGEBYSCORE', gone_key, '-inf', as_text(now - GONE_KEPT_MS))
    local excess = redis.call('ZCARD', gone_key) - GONE_MAX
    if excess > 0 then
        redis.call('ZREMRANGEBYRANK', gone_key, 0, excess - 1)
    end
end
