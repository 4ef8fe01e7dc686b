-- trim: take what is too old, or too much, out of a shard's feed. Each record trims by number as it is written; this is for a shard in
-- which nothing is recorded any more, and for age.
-- needs: clock number
-- Returns how many went. Whole nodes of the stream go, some dozens of records each; at most 10,000 records by either measure.
local trimmed = redis.call('XTRIM', executions_key, 'MAXLEN', '~', executions_max)
if age_ms ~= '0' then
    trimmed = trimmed + redis.call('XTRIM', executions_key, 'MINID', '~', as_text(math.max(0, now_ms() - age_ms)))
end
return trimmed
