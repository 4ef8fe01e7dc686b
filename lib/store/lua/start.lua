-- start: mark claimed attempts as started, and make their jobs due at the next instant. Only after this may the call leave.
-- needs: claims starting wake
-- Returns VERDICT_DONE (started now, or before by the same runner), VERDICT_LOST or VERDICT_GONE (the job is gone, another one has its id, its
-- time was changed, or it is paused) for each.
local members = {}
for member in each() do
    members[#members + 1] = member
end
local claims = read_claims(members)
local reply = {}

local function start(claim, member, ticket, next_due)
    local refused = refuse_start(member, ticket, claim)
    if not refused then
        mark_started(member, claim, next_due)
    end
    return refused or VERDICT_DONE
end

for member, ticket, next_due in each() do
    local n = #reply + 1
    reply[n] = start(claims[n], member, ticket, next_due)
end
write_starts()
wake()
return reply
