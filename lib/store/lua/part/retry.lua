-- part retry: the entries of retry.
-- needs: write stamp

-- Returns true for a claim's kind that no schedule asked for: a manual run ('m', 'l') or a notice ('n'). It starts while the job is
-- paused, too.
local function is_manual(kind)
    return kind:lower() == kind
end

-- The number of the attempt that a ticket is for.
local function attempt_of(ticket)
    return tonumber(ticket:match('^%d+'))
end

-- The entry of `retry` for attempt number `attempt` at the occurrence of a claim of that kind and stamp:
-- <id><scheduled>:<attempt>[m|n].<stamp>, m for a manual run, n for a notice.
local function entry_of(member, attempt, kind, stamp)
    local letter = kind == KIND_NOTICE and 'n.' or is_manual(kind) and 'm.' or '.'
    return member .. ':' .. string.format('%d', attempt) .. letter .. stamp
end

-- The same as it is written. Number 0, which was put off, is void with any change of the job's time, all others only with the job: they
-- carry only which job it is, so they are found whatever was done since.
local function retry_entry(member, attempt, kind, stamp)
    return entry_of(member, attempt, kind, attempt > 0 and which_job(stamp) or stamp)
end

-- Make an attempt due at an instant (text, ms).
local function add_retry(at, member, attempt, kind, stamp)
    write('ZADD', retry_key, at, retry_entry(member, attempt, kind, stamp))
end

-- The entry as it stands in retry: as above, or with the whole stamp, as an older version wrote it. Returns nil if there is none.
local function find_retry(member, attempt, kind, stamp)
    for _, entry in ipairs({retry_entry(member, attempt, kind, stamp), entry_of(member, attempt, kind, stamp)}) do
        if try('ZSCORE', retry_key, entry) then
            return entry
        end
    end
end

-- Scheduled instant, attempt, 'm', 'n' or '', and stamp of an entry. The stamp is '' in entries of an older version: they count as their
-- job's.
local function parse_retry(entry)
    return entry:sub(33):match('^(%d+):(%d+)([mn]?)%.?([%d.]*)$')
end
