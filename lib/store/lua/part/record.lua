-- part record: putting records where they belong.
-- needs: write floor
-- where: job_prefix, gone_key, and executions_key, executions, history_prefix, history: the keys of the feed and of the histories,
-- and how many records are kept in each.

local is_cut = false -- the feed, by this call of the script

-- Put the record of an attempt at an occurrence into the feed and the job's history, both bounded. A job that is gone (or another one by
-- now) gets no history for it.
local function record_attempt(where, id, scheduled, text, gone)
    -- First what may be refused: once a script has written anything, Redis takes all that follows, be its memory full.
    local position = write('XADD', where.executions_key, '*', 'j', id, 'r', text)
    if not is_cut then
        -- Once for all records of a call: with each of them it would be a fourth of what an XADD costs.
        redis.call('XTRIM', where.executions_key, 'MAXLEN', '~', where.executions)
        is_cut = true
    end
    if not gone then
        if write('LPUSH', where.history_prefix .. id, text) > where.history then
            redis.call('LTRIM', where.history_prefix .. id, 0, where.history - 1)
        end
    end
    -- Before its instant has come? The position is what Redis' clock says; or said, before it was set back: then the history counts (part
    -- taken), which a job that is gone has not. (Compared as texts, which have as many digits.)
    if gone or scheduled > position then
        raise_floor(where, id, scheduled)
    end
end
