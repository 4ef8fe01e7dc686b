-- part retry: the entries of retry.
-- needs: write stamp

-- Does a claim's kind say that no schedule asked for the attempt, but somebody by hand ('m', 'l'), or that it is a notice ('n')? Then it
-- is made while the job is paused, too.
local function is_manual(kind)
    return kind:lower() == kind
end

-- The number of the attempt that a ticket is for.
local function attempt_of(ticket)
    return tonumber(ticket:match('^%d+'))
end

-- The entry of `retry` for attempt number `attempt` at the occurrence of a claim of that kind and stamp:
-- <id><scheduled>:<attempt>[m|n].<stamp>, m for one that was asked for by hand, n for a notice.
local function entry_of(member, attempt, kind, stamp)
    local letter = kind == 'n' and 'n.' or is_manual(kind) and 'm.' or '.'
    return member .. ':' .. string.format('%d', attempt) .. letter .. stamp
end

-- The same as it is written. What was put off (number 0) is void with any change of the job's time, all others only with the job: which job
-- it is is all that they carry, so they are found whatever was done since.
local function retry_entry(member, attempt, kind, stamp)
    return entry_of(member, attempt, kind, attempt > 0 and which_job(stamp) or stamp)
end

-- How that entry may stand in retry: as above, or with the whole stamp, as an older version wrote it. nil: it does not.
local function find_retry(retry_key, member, attempt, kind, stamp)
    for _, entry in ipairs({retry_entry(member, attempt, kind, stamp), entry_of(member, attempt, kind, stamp)}) do
        if try('ZSCORE', retry_key, entry) then
            return entry
        end
    end
end

-- Taken apart: scheduled, attempt, 'm', 'n' or '', stamp. The stamp is '' in entries that an older version wrote: they count as their job's.
local function parse_retry(entry)
    return entry:sub(33):match('^(%d+):(%d+)([mn]?)%.?([%d.]*)$')
end
