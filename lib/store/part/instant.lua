-- part instant: may a job be called at an instant?
-- needs: claims waiting

-- Will the occurrence at `due` be called in any case, or was it just now? (Then a job whose next instant that became would be called
-- twice.) What is called at an instant that is still to come was started shortly before: it is among the claims, or was handed back.
-- stamp: the job's, false for one that is made now.
local function is_taken(where, member, stamp)
    for _, runner in ipairs(redis.call('SMEMBERS', where.holders_key)) do
        local value = redis.pcall('HGET', where.claimed_prefix .. runner, member)
        local claim = parse_claim(type(value) == 'string' and value)
        if claim.state == 's' or claim.state == 'r' and is_same_job(claim.stamp, stamp) then
            return true
        end
    end
    return stamp and is_handed_back(where.retry_key, member, stamp) or false
end

-- May `due` (ms) become a job's next instant, now being `now`? 'late': it is over; 'taken': see above. nil: it may.
local function reject_due(where, id, due, stamp, now)
    local ahead = due - now
    if ahead <= 0 then
        return 'late'
    end
    -- Nothing is claimed as much as a second ahead.
    return ahead < 1000 and is_taken(where, id .. string.format('%.0f', due), stamp) and 'taken' or nil
end
