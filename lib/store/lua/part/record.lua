-- part record: the records of attempts, and where they go.
-- needs: floor write

-- A record as scripts write it; more: what comes behind the numbers.
local function record_text(outcome, scheduled, attempt, more)
    return RECORD_OUTCOME .. ':' .. outcome .. ' ' .. RECORD_SCHEDULED .. ':' .. scheduled .. ' ' .. RECORD_ATTEMPT .. ':' .. attempt .. ' '
        .. RECORD_CALLED .. ':0 ' .. RECORD_TOOK .. ':0 ' .. RECORD_STATUS .. ':0 ' .. RECORD_LATENESS .. ':0' .. more
end

local is_cut = false -- the feed, by this call of the script

-- Append the record of an attempt to the feed and to the job's history, both bounded. A job that is gone, or is another one by now, gets
-- no history for it.
local function record_attempt(id, scheduled, text, is_gone)
    -- First what may be refused: once a script has written anything, Redis takes all that follows, even if its memory is full.
    local position = write('XADD', executions_key, '*', 'j', id, 'r', text)
    if not is_cut then
        -- Once for all records of a call: with each of them it would be a fourth of what an XADD costs.
        redis.call('XTRIM', executions_key, 'MAXLEN', '~', executions_max)
        is_cut = true
    end
    if not is_gone then
        if write('LPUSH', history_prefix .. id, text) > history_max then
            redis.call('LTRIM', history_prefix .. id, 0, history_max - 1)
        end
    end
    -- Before its instant has come? The position is Redis' clock; or, behind a clock that was set back, what it was before: then the history
    -- counts (part taken), which a job that is gone has not. (Compared as texts, which have as many digits.)
    if is_gone or scheduled > position then
        raise_floor(id, scheduled)
    end
end
