-- part retry: the entries of retry.
-- needs: write stamp

-- Returns true for a kind of claim that no schedule asked for: a manual run ('m', 'l') or a notice ('n'). It starts even while the job is
-- paused.
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

-- The same as it is written. Any change of the job's time voids number 0, which was put off; the others are void only once the job is gone.
-- Their stamp only says which job it is, so they are found whatever has changed since.
local function retry_entry(member, attempt, kind, stamp)
    return entry_of(member, attempt, kind, attempt > 0 and which_job(stamp) or stamp)
end

-- Make an attempt due at an instant (text, ms).
local function add_retry(at, member, attempt, kind, stamp)
    write('ZADD', retry_key, at, retry_entry(member, attempt, kind, stamp))
end

-- Returns the entry as it is in retry: as above, or with the whole stamp, as an older version wrote it; nil if there is none.
local function find_retry(member, attempt, kind, stamp)
    for _, entry in ipairs({retry_entry(member, attempt, kind, stamp), entry_of(member, attempt, kind, stamp)}) do
        if try('ZSCORE', retry_key, entry) then
            return entry
        end
    end
end

-- Returns the scheduled instant, the attempt, 'm', 'n' or '', and the stamp of an entry. The stamp is '' in entries of an older version,
-- which count as their job's.
local function parse_retry(entry)
    return entry:sub(33):match('^(%d+):(%d+)([mn]?)%.?([%d.]*)$')
end
