-- part token: numbers that never come again.
-- needs: number write

-- Returns a number (as text) that no other call ever had or will have: larger than the last one, and at least Redis' clock in microseconds.
-- A counter alone would repeat numbers after Redis' data went back (a failover, a backup, a power loss); a clock alone would repeat them
-- after it was set back. time: the answer to TIME.
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
