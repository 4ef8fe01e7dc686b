-- release: give back claims of attempts that their runner has not sent and will not send; they are due again at `due`.
-- needs: claims floor wake
-- Returns VERDICT_DONE (due again), VERDICT_LOST or VERDICT_GONE (the job is gone, or its time was changed before the occurrence was
-- started) for each.
local function release(member, ticket, due)
    local claim = read_claim(member)
    if claim.ticket ~= ticket then
        return VERDICT_LOST
    end
    local id, scheduled = member:sub(1, 32), member:sub(33)
    local valid = is_valid(id, claim)
    if valid then
        give_back(member, claim, due)
    elseif claim.state == CLAIM_STARTED then
        raise_floor(id, scheduled) -- it was started, so no other occurrence gets its instant, though it was not sent
    end
    drop_claim(member)
    return valid and VERDICT_DONE or VERDICT_GONE
end

local reply = {}
for member, ticket, due in each() do
    reply[#reply + 1] = release(member, ticket, due)
end
wake()
return reply
