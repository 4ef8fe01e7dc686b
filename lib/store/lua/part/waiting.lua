-- part waiting: first attempts that wait in retry.
-- needs: retry

-- Returns true if the first attempt at an occurrence was put off. Then it waits as number 0, and a change of the job's time voids it.
local function is_put_off(member, stamp)
    return redis.call('ZSCORE', retry_key, retry_entry(member, 0, KIND_AT_MOST_ONCE, stamp))
end

-- Returns true if it was started and handed back unsent, whether or not the job's time has changed since.
local function is_handed_back(member, stamp)
    return find_retry(member, 1, KIND_AT_MOST_ONCE, stamp) ~= nil
end
