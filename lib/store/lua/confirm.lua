-- confirm: is a started attempt still the runner's, now that it is about to be sent?
-- needs: claims
-- KEYS[1] claimed:<runner>
-- ARGV: for each attempt  <id><scheduled>, ticket
-- Returns for each '1' (it is) or '0' (its claim was taken away: it is not to be sent).
local claims = read_claims(KEYS[1], 1, 2)
local reply = {}
for n, claim in ipairs(claims) do
    reply[n] = claim.state == 's' and claim.ticket == ARGV[n * 2] and '1' or '0'
end
return reply
