-- part token: numbers that never come again.
-- needs: write

-- A number (as text) that no other call had before, and none will have: larger than the last one, and not behind Redis' clock in
-- microseconds. A counter alone would give the same numbers again once Redis' data went back (a failover, a backup, a power loss); a
-- clock alone once that is set back. time: what TIME says.
local function next_token(token_key, time)
    local last = tonumber(try('GET', token_key) or nil) or 0
    local token = string.format('%.0f', math.max(time[1] * 1000000 + time[2], last + 1))
    redis.call('SET', token_key, token)
    return token
end
