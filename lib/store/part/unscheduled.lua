-- part unscheduled: instants for what no schedule asks for.
-- needs: clock

-- An instant (ms) that stands for a run by hand or a notice of the job: now, or some ms later. No other of these had it before or will
-- have it later, and no occurrence: offset is the milliseconds of the second (0 to 999) at which the job's own instants are.
local function unscheduled_instant(job_key, offset)
    local latest = redis.call('HMGET', job_key, 'manual', 'notice')
    local by_hand = tonumber((latest[1] or ''):match('^(%d+) '))
    local notice = tonumber((latest[2] or ''):match('^%a (%d+) '))
    local at = math.max(now_ms(), (by_hand or 0) + 1, (notice or 0) + 1)
    return at % 1000 == offset and at + 1 or at
end
