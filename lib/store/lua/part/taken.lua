-- part taken: which instants of an id are taken.
-- needs: write clock stamp claims waiting floor
--
-- The rule: an id has one occurrence at an instant, be it of its schedule, by hand or a notice. An instant at which something was started or
-- recorded is not given again, whatever is done to the job, be it deleted and made anew, until it is over by a clock that may be set
-- back. Every script that gives an instant asks here; where one follows another in a chain (start, skip), the first one did, and all that
-- follow are later. What is taken is told by
--   the claim, while it is under way, whichever job of the id it is of
--   its entry in retry, where an older version handed it back unsent: this one raises the floor
--   the job's fields `floor` (part floor), `manual` and `notice`
--   its history, which counts once Redis' clock was set back: until then all that it tells of is over, or raised the floor
--   `gone`, once the job was deleted (part gone)
--
-- where: job_prefix, gone_key, executions_key, history_prefix, retry_key, holders_key, claimed_prefix.

local function as_text(instant)
    return string.format('%.0f', instant)
end

-- Is it under way, or was it handed back unsent? stamp: the job's, false for one that is made now. any_claim: what is claimed and not started
-- counts, too: the time of its job is not changed, so it does not give way.
local function is_under_way(where, member, stamp, any_claim)
    for _, runner in ipairs(try('SMEMBERS', where.holders_key) or {}) do
        local claim = parse_claim(try('HGET', where.claimed_prefix .. runner, member))
        if claim.state == 's' or (claim.state == 'r' or any_claim and claim.state) and is_same_job(claim.stamp, stamp) then
            return true
        end
    end
    return stamp and is_handed_back(where.retry_key, member, stamp) or false
end

-- Was Redis' clock set back behind what the feed tells of? (Its positions never go back.)
local function is_set_back(where, now)
    local latest = try('XREVRANGE', where.executions_key, '+', '-', 'COUNT', 1)
    local position = latest and latest[1] and latest[1][1]
    return position and tonumber(position:match('^%d+')) > now
end

-- The latest instant that a job's history tells of; 0: none.
local function latest_recorded(where, id)
    local latest = 0
    for _, text in ipairs(try('LRANGE', where.history_prefix .. id, 0, -1) or {}) do
        for _, pattern in ipairs({' s:(%d+)', ' u:(%d+)'}) do
            latest = math.max(latest, tonumber(text:match(pattern) or 0))
        end
    end
    return latest
end

-- The latest instant of a job that is known to be taken, claims and retry apart; 0: none that is not over.
local function floor_of(where, id, now)
    local fields = try('HMGET', where.job_prefix .. id, 'floor', 'manual', 'notice') or {}
    local floor = 0
    for i, pattern in ipairs({'^(%d+)$', '^(%d+) ', '^%a (%d+) '}) do
        floor = math.max(floor, tonumber((fields[i] or ''):match(pattern) or 0))
    end
    return is_set_back(where, now) and math.max(floor, latest_recorded(where, id)) or floor
end

-- The latest instant of an id that is under way; 0: none. It is later than the next one where Redis' clock was set back meanwhile, and the
-- chain that begins before it would come to it.
local function latest_under_way(where, id)
    local latest, runners = 0, try('SMEMBERS', where.holders_key) or {}
    for _, runner in ipairs(runners) do
        local claims = try('HGETALL', where.claimed_prefix .. runner) or {}
        for i = 1, #claims, 2 do
            if claims[i]:sub(1, 32) == id and parse_claim(claims[i + 1]).state == 's' then
                latest = math.max(latest, tonumber(claims[i]:sub(33)) or 0)
            end
        end
    end
    return latest
end

-- May `due` (ms) become the next instant of a job, now being `now`? nil: it may. 'late': it is over. Else an instant (ms): all up to it are
-- taken. floor: as floor_of has it.
local function refuse_instant(where, id, due, stamp, now, floor)
    if due <= now then
        return 'late'
    elseif due <= floor then
        return floor
    end
    local latest = latest_under_way(where, id)
    if due <= latest then
        return latest
    end
    return is_under_way(where, id .. as_text(due), stamp) and due or nil
end

-- An instant (ms) that stands for a run by hand or a notice of the job, now or later, though it is made at once. offset: the milliseconds of
-- the second (0 to 999) at which the job's own instants are, which it does not get; nor a full second, for that is where the instants of most
-- schedules are that the job may be given next.
local function unscheduled_instant(where, id, offset, now)
    local floor = floor_of(where, id, now)
    local at, stamp = math.max(now, floor + 1), job_stamp(where.job_prefix, id)
    while at % 1000 == 0 or at % 1000 == offset or is_under_way(where, id .. as_text(at), stamp, true) do
        at = at + 1
    end
    if floor > now then
        raise_floor(where, id, as_text(floor)) -- runs by hand may push what the history tells of out of it
    end
    return at
end
