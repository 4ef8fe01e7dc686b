-- trim: remove what is too old or too much from a shard's feed. Each record that is written trims by number; this is for age, and for a
-- shard in which nothing is recorded any more.
-- needs: clock number
-- Returns how many it removed. It removes whole nodes of the stream, some dozens of records each; at most 10,000 records by either measure.
local trimmed = redis.call('XTRIM', executions_key, 'MAXLEN', '~', executions_max)
if age_ms ~= '0' then
    trimmed = trimmed + redis.call('XTRIM', executions_key, 'MINID', '~', as_text(math.max(0, now_ms() - age_ms)))
end
return trimmed
