-- due_page: list a part of the jobs that have a next instant and a schedule that depends on a time zone.
-- needs: definition number stamp
-- Returns the next cursor ('0': that was all), then for each such job its id, due, stamp, created, and the fields of the definition (nil if
-- at their default). A job that stays in `due` throughout is seen at least once, perhaps more often. Broken jobs are left to the next
-- claim.
local scan = redis.call('ZSCAN', due_key, cursor, 'COUNT', look_at)
local reply = {scan[1]}
for i = 1, #scan[2], 2 do
    local id, due = scan[2][i], tonumber(scan[2][i + 1])
    local job = read_job(job_prefix .. id)
    if job and (job.timezone or job.schedule:find('TZ=', 1, true)) then
        local n = #reply
        reply[n + 1], reply[n + 2], reply[n + 3] = id, as_text(due), stamp_of(job)
        for k, name in ipairs(DEFINITION) do
            reply[n + 3 + k] = job[name] or false
        end
    end
end
return reply
