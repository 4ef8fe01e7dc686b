-- finish_watched: as finish, for attempts of jobs that are watched (lib/watch.h).
-- needs: finishing health overlap
-- KEYS and ARGV: as finish has them. Returns what finish does.
local where = {claimed_key = KEYS[1], retry_key = KEYS[2], dead_key = KEYS[3], due_key = KEYS[5], job_prefix = ARGV[6],
    dead_max = tonumber(ARGV[5]), earliest = math.huge,
    keep = {executions_key = KEYS[4], executions = ARGV[3], history_prefix = ARGV[2], history = tonumber(ARGV[4])}}
local reply = {}

local function finish(member, ticket, text, after, at)
    local claim = parse_claim(redis.call('HGET', where.claimed_key, member))
    if not is_held(claim, ticket) then
        return '0'
    end
    local gone = conclude(where, member, claim, text, after, at)
    if not gone and after ~= 'r' then
        note_end(where, member:sub(1, 32), text)
        where.earliest = math.min(where.earliest, leave_place(where.retry_key, where.job_prefix, member))
    end
    redis.call('HDEL', where.claimed_key, member)
    return '1'
end

for i = 7, #ARGV, 5 do
    reply[#reply + 1] = finish(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
end
wake(ARGV[1], where.earliest)
return reply
