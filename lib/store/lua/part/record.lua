-- part record: the records of attempts, and where they go.
-- needs: floor write

-- A record as scripts write it. more: what follows the numbers.
local function record_text(outcome, scheduled, attempt, more)
    return RECORD_OUTCOME .. ':' .. outcome .. ' ' .. RECORD_SCHEDULED .. ':' .. scheduled .. ' ' .. RECORD_ATTEMPT .. ':' .. attempt .. ' '
        .. RECORD_CALLED .. ':0 ' .. RECORD_TOOK .. ':0 ' .. RECORD_STATUS .. ':0 ' .. RECORD_LATENESS .. ':0' .. more
end

local is_cut = false -- this call of the script has trimmed the feed

-- Append the record of an attempt to the feed and to the job's history, both bounded. If the job is gone, or another one has its id, only the
-- feed gets the record.
local function record_attempt(id, scheduled, text, is_gone)
    -- First the write that may be refused: once a script has written anything, Redis accepts the rest, even if its memory is full.
    local position = write('XADD', executions_key, '*', 'j', id, 'r', text)
    if not is_cut then
        -- Once for all records of a call: done for each, it would be a quarter of the cost of an XADD.
        redis.call('XTRIM', executions_key, 'MAXLEN', '~', executions_max)
        is_cut = true
    end
    if not is_gone then
        if write('LPUSH', history_prefix .. id, text) > history_max then
            redis.call('LTRIM', history_prefix .. id, 0, history_max - 1)
        end
    end
    -- Is its instant not over yet, not even by a millisecond? The position is Redis' clock or, after that was set back, what the clock was
    -- before. Then the history counts (part taken), which a job that is gone does not have. (Compared as texts: a position is <ms>-<number>,
    -- and '.' comes after '-'.)
    if is_gone or scheduled .. '.' > position then
        raise_floor(id, scheduled)
    end
end
