-- part watched: does a job ask for its failures to be counted?

-- What the job asks for, and how it is (failures: nil while it is well); nil: it asks for nothing. Somebody's garbage counts as no number.
local function read_health(job_key)
    local fields = redis.call('HMGET', job_key, 'pause_after_failures', 'on_failure_url', 'on_recovery_url', 'failures')
    if fields[1] or fields[2] or fields[3] then
        return {limit = tonumber(fields[1] or '') or math.huge, on_failure = fields[2], on_recovery = fields[3],
            failures = fields[4] and (tonumber(fields[4]) or 0)}
    end
end
