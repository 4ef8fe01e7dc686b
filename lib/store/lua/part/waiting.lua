-- part waiting: first attempts that wait in retry.
-- needs: retry

-- Was the first attempt at an occurrence put off? Then it waits as number 0, and is void once the job's time is another one.
local function is_put_off(retry_key, member, stamp)
    return redis.call('ZSCORE', retry_key, retry_entry(member, 0, 'M', stamp))
end

-- Was it started and handed back unsent, whatever was done to the job's time since?
local function is_handed_back(retry_key, member, stamp)
    return find_retry(retry_key, member, 1, 'M', stamp) ~= nil
end
