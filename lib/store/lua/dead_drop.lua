-- dead_drop: drop dead occurrences.
-- needs: audit dead
-- Returns how many of them there were.
local dropped = 0
for member in each() do
    if dead_take(member) == 1 then
        dropped = dropped + 1
        note_audit(member)
    end
end
audit_noted(ACTION_DROP)
return dropped
