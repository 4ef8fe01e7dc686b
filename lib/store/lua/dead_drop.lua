-- dead_drop: drop dead occurrences.
-- needs: dead
-- Returns how many of them there were.
local dropped = 0
for member in each() do
    dropped = dropped + dead_take(member)
end
return dropped
