-- dead_redrive: give dead occurrences another round of attempts, one after the other.
-- needs: write clock stamp dead rounds retry taken
-- KEYS[1] dead  KEYS[2] dead:records  KEYS[3] retry  KEYS[4] holders
-- ARGV[1] shard  [2] prefix of the jobs' keys  [3] attempts in a round, unless the job says so  [4] when to make the first of them (us; what is over means now)
--   [5] how long after that each of the next (us)  [6] prefix of the runners' claims, then for each <id><scheduled>
-- Returns when the one after the last of them would be made (us), then for each the number of the attempt that is made, or why none is:
-- '0' (it is not among the dead, or under way), '-1' (its job is gone, or is another one by now), '-2' (the job is paused), '-3' (it is at most once).
-- Numbers go on: a round begins with the first number behind a multiple of what a round has. An occurrence is either dead or in retry.
local dead_key, records_key, retry_key = KEYS[1], KEYS[2], KEYS[3]
local shard, job_prefix, usual = ARGV[1], ARGV[2], ARGV[3]
local where = {retry_key = retry_key, holders_key = KEYS[4], claimed_prefix = ARGV[6]}
local at_us, step_us = math.max(tonumber(ARGV[4]), now_ms() * 1000), tonumber(ARGV[5])
local earliest = math.huge
local reply = {''}

-- Those that an older version buried have no record: they died after one round.
local function next_round(member)
    local attempts = attempts_in_round(job_prefix, member:sub(1, 32), usual)
    local last = tonumber((try('HGET', records_key, member) or ''):match(' a:(%d+)') or attempts)
    return (math.floor((math.max(last, 1) - 1) / attempts) + 1) * attempts + 1
end

local function redrive(member)
    local id = member:sub(1, 32)
    if not redis.call('ZSCORE', dead_key, member) then
        return '0'
    end
    local stamp, state = job_stamp(job_prefix, id)
    if not stamp or (tonumber(redis.call('HGET', job_prefix .. id, 'created')) or 0) > tonumber(member:sub(33)) then
        return '-1'
    elseif is_under_way(where, member, stamp) then
        return '0'
    elseif state == 'PAUSED' then
        return '-2'
    elseif redis.call('HGET', job_prefix .. id, 'type') ~= 'ATLEAST_ONCE' then
        return '-3'
    end
    local number, at = next_round(member), math.floor(at_us / 1000)
    write('ZADD', retry_key, string.format('%.0f', at), retry_entry(member, number, 'L', stamp))
    exhume(dead_key, member)
    at_us = at_us + step_us
    earliest = math.min(earliest, at)
    return string.format('%d', number)
end

for i = 7, #ARGV do
    reply[#reply + 1] = redrive(ARGV[i])
end
reply[1] = string.format('%.0f', at_us)
wake(shard, earliest)
return reply
