-- finish_notice: note what came of attempts at notices, and drop the claims. They appear neither in the feed nor in a history, none becomes
-- dead, and the job's health does not depend on them.
-- needs: claims notice retry stamp wake
-- Only AFTER_RETRY has a consequence. Returns VERDICT_DONE (noted, unless the job is gone) or VERDICT_LOST for each.

local function note(member, claim, record, after, at)
    local key, name = job_prefix .. member:sub(1, 32), member:sub(33)
    local http_status, attempt = record:match(' ' .. RECORD_STATUS .. ':(%d+)') or '0', attempt_of(claim.ticket)
    if after == AFTER_RETRY then
        retry_notice(at, member, claim)
        made_due(at)
        note_notice(key, name, NOTICE_WAITING, http_status, attempt)
    else
        local is_delivered = record:match('^' .. RECORD_OUTCOME .. ':' .. OUTCOME_SUCCEEDED)
        end_notice(key, name, is_delivered and NOTICE_DELIVERED or NOTICE_GIVEN_UP, http_status, attempt)
    end
end

local function finish(member, ticket, record, after, at)
    local claim = read_claim(member)
    if claim.ticket ~= ticket then
        return VERDICT_LOST
    end
    if is_same_job(job_stamp(member:sub(1, 32)), claim.stamp) then
        note(member, claim, record, after, at)
    end
    drop_claim(member)
    return VERDICT_DONE
end

local reply = {}
for member, ticket, record, after, at in each() do
    reply[#reply + 1] = finish(member, ticket, record, after, at)
end
wake()
return reply
