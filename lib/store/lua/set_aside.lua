-- set_aside: a claimed job cannot be read: take it out of the way, so that the others go on, and remember its name.
-- needs: write clock stamp claims
-- KEYS[1] claimed:<runner>  KEYS[2] broken  KEYS[3] the job's hash
-- ARGV[1] <id><scheduled>  [2] ticket
-- Returns 1, or 0 where the claim is not the runner's.
local claim = parse_claim(redis.call('HGET', KEYS[1], ARGV[1]))
if claim.ticket ~= ARGV[2] then
    return 0
end
-- A job that was made anew or given another time since is not the one that could not be read.
local stamp = read_stamp(KEYS[3]) or '0'
if redis.call('EXISTS', KEYS[3]) == 1 and (stamp == claim.stamp or claim.state ~= 'c' and is_same_job(stamp, claim.stamp)) then
    write('ZADD', KEYS[2], string.format('%.0f', now_ms()), ARGV[1]:sub(1, 32))
end
redis.call('HDEL', KEYS[1], ARGV[1])
return 1
