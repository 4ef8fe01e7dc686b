-- confirm: ask whether started attempts may still be sent, now that they are about to be.
-- needs: claims retry
-- Returns VERDICT_DONE (they may), VERDICT_LOST (its claim was taken away: it must not be sent) or VERDICT_GONE (the job is gone, another one
-- has its id, or it is paused: to be released) for each.
local members = {}
for member in each() do
    members[#members + 1] = member
end
local claims = read_claims(members)

local function confirm(claim, member, ticket)
    if claim.state ~= CLAIM_STARTED or claim.ticket ~= ticket then
        return VERDICT_LOST
    end
    local valid, state = is_valid(member:sub(1, 32), claim)
    return valid and (state ~= JOB_PAUSED or is_manual(claim.kind)) and VERDICT_DONE or VERDICT_GONE
end

local reply = {}
for member, ticket in each() do
    local n = #reply + 1
    reply[n] = confirm(claims[n], member, ticket)
end
return reply
