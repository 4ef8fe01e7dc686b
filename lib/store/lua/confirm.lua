-- confirm: ask whether started attempts are still the runner's, now that they are about to be sent.
-- needs: claims
-- Returns VERDICT_DONE (it is) or VERDICT_LOST (its claim was taken away: it must not be sent) for each.
local members = {}
for member in each() do
    members[#members + 1] = member
end
local claims = read_claims(members)
local reply = {}
for _, ticket in each() do
    local n = #reply + 1
    reply[n] = claims[n].state == CLAIM_STARTED and claims[n].ticket == ticket and VERDICT_DONE or VERDICT_LOST
end
return reply
