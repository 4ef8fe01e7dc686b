-- part token: numbers that never come again.
-- needs: number write

-- A number (as text) that no other call had before, and none will have: larger than the last one, and not behind Redis' clock in
-- microseconds. A counter alone would give the same numbers again once Redis' data went back (a failover, a backup, a power loss); a
-- clock alone once that is set back. time: the answer to TIME.
local function next_token(time)
    local token = time[1] * 1000000 + time[2]
    local text = as_text(token)
    local last = tonumber(write('SET', token_key, text, 'GET') or nil)
    if last and last >= token then
        text = as_text(last + 1)
        redis.call('SET', token_key, text)
    end
    return text
end
