-- finish_notice: record what came of attempts at notices, and let go of the claims. Neither the feed nor a history tells of them, no dead
-- are kept, and the job's health does not depend on them.
-- needs: stamp claims notice clock
-- KEYS[1] claimed:<runner>  KEYS[2] retry
-- ARGV[1] shard  [2] prefix of the jobs' keys, then for each attempt as in finish: but for 'r', nothing is next
-- Returns for each '1' (noted; of a job that is gone nothing is) or '0' (the claim is not the runner's).
local claimed_key, retry_key = KEYS[1], KEYS[2]
local shard, job_prefix = ARGV[1], ARGV[2]
local earliest = math.huge
local reply = {}

local function note(member, claim, text, after, at)
    local job_key, instant = job_prefix .. member:sub(1, 32), member:sub(33)
    local status, attempts = text:match(' h:(%d+)') or '0', attempt_of(claim.ticket)
    if after == 'r' then
        retry_notice(retry_key, member, claim, at)
        earliest = math.min(earliest, tonumber(at))
        note_notice(job_key, instant, 'waiting', status, attempts)
    else
        end_notice(job_key, instant, text:match('^o:s') and 'delivered' or 'given_up', status, attempts)
    end
end

local function finish(member, ticket, text, after, at)
    local claim = parse_claim(redis.call('HGET', claimed_key, member))
    if claim.ticket ~= ticket then
        return '0'
    end
    if is_same_job(job_stamp(job_prefix, member:sub(1, 32)), claim.stamp) then
        note(member, claim, text, after, at)
    end
    redis.call('HDEL', claimed_key, member)
    return '1'
end

for i = 3, #ARGV, 6 do
    reply[#reply + 1] = finish(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
end
wake(shard, earliest)
return reply
