-- skip: give up claimed occurrences that are too late to be called, record the gap, and make their jobs due again.
-- needs: claims record state wake write
-- Returns VERDICT_DONE, VERDICT_LOST (also if it has been started) or VERDICT_GONE (the job is gone, or its time was changed) for each.
local function skip(member, ticket, record, next_due)
    local claim = read_claim(member)
    if claim.state ~= CLAIM_DUE or claim.ticket ~= ticket then
        return VERDICT_LOST
    end
    local id = member:sub(1, 32)
    if not is_valid(id, claim) then
        drop_claim(member)
        return VERDICT_GONE
    end
    record_attempt(id, member:sub(33), record)
    if next_due ~= '' then
        write('ZADD', due_key, 'NX', next_due, id)
        made_due(next_due)
    else
        complete(id)
    end
    drop_claim(member)
    return VERDICT_DONE
end

local reply = {}
for member, ticket, record, next_due in each() do
    reply[#reply + 1] = skip(member, ticket, record, next_due)
end
wake()
return reply
