-- part retry: the entries of retry.

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
local function retry_entry(member, attempt, kind, stamp)
    local letter = kind == 'n' and 'n.' or is_manual(kind) and 'm.' or '.'
    return member .. ':' .. string.format('%d', attempt) .. letter .. stamp
end

-- Taken apart: scheduled, attempt, 'm', 'n' or '', stamp. The stamp is '' in entries that an older version wrote: they count as their job's.
local function parse_retry(entry)
    return entry:sub(33):match('^(%d+):(%d+)([mn]?)%.?([%d.]*)$')
end
