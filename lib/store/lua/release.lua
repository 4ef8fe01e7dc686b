-- release: give back claims of attempts that their runner has not sent and will not send; they are due again at `due`.
-- needs: claims wake
-- Returns VERDICT_DONE (due again), VERDICT_LOST or VERDICT_GONE (the job is gone, or its time was changed before the occurrence was
-- started) for each.
local function release(member, ticket, due)
    local claim = read_claim(member)
    if claim.ticket ~= ticket then
        return VERDICT_LOST
    end
    local valid = is_valid(member:sub(1, 32), claim)
    if valid then
        give_back(member, claim, due)
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
