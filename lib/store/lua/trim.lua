-- trim: take what is too old, or too much, out of a shard's feed. What is recorded trims by number as it goes; this is for a shard in which
-- nothing is recorded any more, and for age.
-- needs: clock
-- KEYS[1] executions
-- ARGV[1] executions kept  [2] how old they may be (ms; 0: any age)
-- Returns how many went. Whole nodes of the stream go, some dozens of records each; at most 10,000 records by either measure.
local gone = redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[1])
if ARGV[2] ~= '0' then
    gone = gone + redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%.0f', math.max(0, now_ms() - ARGV[2])))
end
return gone
