-- dead_drop: forget dead occurrences.
-- needs: dead
-- KEYS[1] dead  KEYS[2] dead:records
-- ARGV: <id><scheduled> of each
-- Returns how many of them there were.
local gone = 0
for _, member in ipairs(ARGV) do
    gone = gone + exhume(KEYS[1], member)
end
return gone
