-- job_get: all that is known of a job.
-- needs: write clock life
-- KEYS[1] the job's hash  KEYS[2] due  KEYS[3] broken  KEYS[4] its history
-- ARGV[1] id (32 bytes)  [2] how many records of its history
-- Returns nothing where there is no such job; else Redis' clock (ms), what append_job tells, and the latest records, newest first.
if redis.call('EXISTS', KEYS[1]) == 0 then
    return {}
end
local reply = {string.format('%.0f', now_ms())}
append_job(reply, KEYS[1], KEYS[2], KEYS[3], ARGV[1])
if tonumber(ARGV[2]) > 0 then
    local n = #reply
    for i, record in ipairs(try('LRANGE', KEYS[4], 0, ARGV[2] - 1) or {}) do
        reply[n + i] = record
    end
end
return reply
