-- due_page: look at a part of the jobs that are due some time, those whose schedule depends on a time zone.
-- needs: stamp definition
-- KEYS[1] due
-- ARGV[1] cursor ('0' to begin with)  [2] prefix of the jobs' keys  [3] how many to look at, about
-- Returns the next cursor ('0': that was all), then for each such job  id, due, stamp, created, and the fields of the definition (nil where they
-- are at their default). A job that stays in `due` all the while is seen at least once,
-- perhaps more often. Garbage is left to whoever claims it.
local scan = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[3])
local reply = {scan[1]}
for i = 1, #scan[2], 2 do
    local id, due = scan[2][i], tonumber(scan[2][i + 1])
    local job = read_job(ARGV[2] .. id)
    if job and (job.timezone or job.schedule:find('TZ=', 1, true)) then
        local n = #reply
        reply[n + 1], reply[n + 2], reply[n + 3] = id, string.format('%.0f', due), stamp_of(job)
        for k, name in ipairs(DEFINITION) do
            reply[n + 3 + k] = job[name] or false
        end
    end
end
return reply
