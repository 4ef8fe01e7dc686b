-- finish: record attempts, do what follows for their occurrences, and drop the claims.
-- needs: claims finishing wake
-- The job's next instant counts if the start was lost. Returns VERDICT_DONE (recorded) or VERDICT_LOST (nothing is recorded) for each. If the
-- job was deleted in the meantime, only the feed gets a record, and nothing follows.
local members = {}
for member in each() do
    members[#members + 1] = member
end
local claims = read_claims(members)
local reply, done = {}, {}

local function finish(claim, member, ticket, record, after, at, next_due)
    if not is_held(claim, ticket) then
        return VERDICT_LOST
    end
    conclude(member, claim, record, after, at, next_due)
    done[#done + 1] = member
    return VERDICT_DONE
end

local function finish_all()
    for member, ticket, record, after, at, next_due in each() do
        local n = #reply + 1
        reply[n] = finish(claims[n], member, ticket, record, after, at, next_due)
    end
end

-- If one of them fails, those already recorded must not be recorded again.
local is_good, problem = pcall(finish_all)
if #done > 0 then
    redis.call('HDEL', claimed_key, unpack(done))
end
if not is_good then
    error(problem)
end
wake()
return reply
