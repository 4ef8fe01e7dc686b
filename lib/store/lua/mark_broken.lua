-- mark_broken: take a claimed job that is broken out of due, so that the others go on, and keep its id.
-- needs: claims clock number stamp write
-- Returns the number of claims that were the runner's.
local function mark_broken(member, ticket)
    local claim = read_claim(member)
    if claim.ticket ~= ticket then
        return 0
    end
    -- A job that was created anew, or whose time has changed since, is not the broken one.
    local stamp = read_stamp(job_key) or '0'
    if redis.call('EXISTS', job_key) == 1
        and (stamp == claim.stamp or claim.state ~= CLAIM_DUE and is_same_job(stamp, claim.stamp)) then
        write('ZADD', broken_key, as_text(now_ms()), member:sub(1, 32))
    end
    drop_claim(member)
    return 1
end

local reply = 0
for member, ticket in each() do
    reply = reply + mark_broken(member, ticket)
end
return reply
