-- part audit: the trail of changes: what was done to what, and who asked for it.
-- needs: clock write

-- Append an entry to the trail of that key. action: ACTION_… ; about: '', or further tokens, each behind a space. A script does so once it
-- has changed something, and only then: what removes comes through when Redis' memory is full, and so does its entry.
local function append_audit(key, object, action, about)
    local time = read_clock()
    write('XADD', key, '*', 'j', object, 'r', TRAIL_ACTION .. ':' .. action .. about .. ' ' .. TRAIL_TIME .. ':'
        .. time[1] .. string.format('%06d', time[2]) .. ' ' .. actor)
    if time[2] % 64 == 0 then -- now and then: with each entry it would be a fourth of what an entry costs
        redis.call('XTRIM', key, 'MAXLEN', '~', audit_max)
    end
end

-- The same, about a job or its occurrences.
local function audit(id, action, about)
    append_audit(audit_key, id, action, about)
end

local function audit_version(id, action, number)
    audit(id, action, ' ' .. TRAIL_VERSION .. ':' .. number)
end

-- The occurrences that this call of the script changed: the jobs in order, and of each the latest instant and how many there are.
local audited, instants, counts = {}, {}, {}

local function note_audit(member)
    local id = member:sub(1, 32)
    audited[#audited + 1] = not counts[id] and id or nil
    instants[id], counts[id] = member:sub(33), (counts[id] or 0) + 1
end

-- Append an entry for each job that has any.
local function audit_noted(action)
    for _, id in ipairs(audited) do
        audit(id, action, counts[id] == 1 and ' ' .. TRAIL_SCHEDULED .. ':' .. instants[id] or ' ' .. TRAIL_COUNT .. ':' .. counts[id])
    end
end
