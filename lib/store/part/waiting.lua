-- part waiting: first attempts that wait in retry.
-- needs: retry

-- Was the first attempt at an occurrence put off? Then it waits as number 0, and is void once the job's time is another one.
local function is_put_off(retry_key, member, stamp)
    return redis.call('ZSCORE', retry_key, retry_entry(member, 0, 'M', stamp))
end

-- Was it started and handed back unsent, be it a few changes of the job's time ago?
local function is_handed_back(retry_key, member, stamp)
    local created, epoch = stamp:match('^(%d+)%.?(%d*)$')
    for back = 0, created and math.min(tonumber(epoch) or 0, 8) or -1 do
        local before = (tonumber(epoch) or 0) - back
        local entry = retry_entry(member, 1, 'M', created .. (before > 0 and string.format('.%d', before) or ''))
        if redis.call('ZSCORE', retry_key, entry) then
            return true
        end
    end
    return false
end
