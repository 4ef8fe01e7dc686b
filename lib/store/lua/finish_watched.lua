-- finish_watched: as finish, for attempts of jobs that are watched (lib/job/watch.h).
-- needs: finishing health overlap
-- KEYS and ARGV: as finish has them. Returns what finish does.
local where = {claimed_key = KEYS[1], retry_key = KEYS[2], dead_key = KEYS[3], executions_key = KEYS[4], due_key = KEYS[5],
    gone_key = KEYS[6], holders_key = KEYS[7], history_prefix = ARGV[2], executions = ARGV[3], history = tonumber(ARGV[4]),
    dead_max = tonumber(ARGV[5]), job_prefix = ARGV[6], claimed_prefix = ARGV[7], now = now_ms(), earliest = math.huge}
local reply = {}

local function finish(member, ticket, text, after, at, next_due)
    local claim = parse_claim(redis.call('HGET', where.claimed_key, member))
    if not is_held(claim, ticket) then
        return '0'
    end
    local gone = conclude(where, member, claim, text, after, at, next_due)
    if not gone and after ~= 'r' then
        note_end(where, member:sub(1, 32), text)
        where.earliest = math.min(where.earliest, leave_place(where.retry_key, where.job_prefix, member))
    end
    redis.call('HDEL', where.claimed_key, member)
    return '1'
end

for i = 8, #ARGV, 6 do
    reply[#reply + 1] = finish(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
end
wake(ARGV[1], where.earliest)
return reply
