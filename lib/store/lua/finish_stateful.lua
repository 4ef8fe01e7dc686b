-- finish_stateful: as finish, for attempts of stateful jobs (lib/job/stateful.h).
-- needs: claims finishing health overlap wake

local function finish(member, ticket, record, after, at, next_due)
    local claim = read_claim(member)
    if not is_held(claim, ticket) then
        return VERDICT_LOST
    end
    local is_gone = conclude(member, claim, record, after, at, next_due)
    if not is_gone and after ~= AFTER_RETRY then
        note_end(member:sub(1, 32), record)
        leave_slot(member)
    end
    drop_claim(member)
    return VERDICT_DONE
end

local reply = {}
for member, ticket, record, after, at, next_due in each() do
    reply[#reply + 1] = finish(member, ticket, record, after, at, next_due)
end
wake()
return reply
