-- job_get: return everything that Redis knows about a job.
-- needs: clock number view write
-- Returns nothing if there is no such job; else Redis' clock (ms), what append_job appends, and the latest records, newest first.
if redis.call('EXISTS', job_key) == 0 then
    return {}
end
local reply = {as_text(now_ms())}
append_job(reply, job_key, job_id)
if records > 0 then
    local n = #reply
    for i, record in ipairs(try('LRANGE', history_key, 0, records - 1) or {}) do
        reply[n + i] = record
    end
end
return reply
