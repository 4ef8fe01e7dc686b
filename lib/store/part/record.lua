-- part record: putting records where they belong.
-- needs: write

local is_cut = false -- the feed, by this call of the script

-- Put a record into the feed and the job's history, both bounded. A job that is gone (or another one by now) gets no history for it.
local function record_attempt(keep, id, text, gone)
    -- First what may be refused: once a script has written anything, Redis takes all that follows, be its memory full.
    write('XADD', keep.executions_key, '*', 'j', id, 'r', text)
    if not is_cut then
        -- Once for all records of a call: with each of them it would be a fourth of what an XADD costs.
        redis.call('XTRIM', keep.executions_key, 'MAXLEN', '~', keep.executions)
        is_cut = true
    end
    if not gone then
        if write('LPUSH', keep.history_prefix .. id, text) > keep.history then
            redis.call('LTRIM', keep.history_prefix .. id, 0, keep.history - 1)
        end
    end
end
