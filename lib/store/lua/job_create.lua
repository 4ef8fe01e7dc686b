-- job_create: store a job and make it due, unless it exists.
-- needs: audit clock count gone index number taken token wake stateful write
-- The fields are those of the definition that are not at their default, and those of its state if it comes from a backup.
-- Returns CREATION_CREATED; CREATION_KNOWN or CREATION_CHANGED (nothing changes then); CREATION_LATE, CREATION_FULL, or that the instant was
-- taken for an earlier job of the id (nothing is stored). A broken job is created anew. If `created` is not now, nothing is stored, and
-- Redis' clock (ms) is returned: the caller has to build the job again as of that.

local due = tonumber(first_due)
-- Mostly the job does not exist, and no job is broken or was deleted: then there is nothing to look at or to remove.
local clear = redis.call('EXISTS', job_key, broken_key, gone_key) == 0
if not clear and redis.call('EXISTS', job_key) == 1 and not redis.call('ZSCORE', broken_key, job_id) then
    if not is_indexed(job_id) then
        index_add(job_id) -- perhaps a version without an index stored it
    end
    return try('HEXISTS', job_key, 'version') == 1 and CREATION_CHANGED or CREATION_KNOWN
end
local now = now_ms()
if math.abs(now - created) > CLOCK_TOLERANCE_MS then
    return now
end
local is_new = clear or redis.call('EXISTS', job_key) == 0
if jobs_max > 0 and is_new then
    if count_jobs() >= jobs_max then
        return CREATION_FULL
    end
end
-- A broken one counts as deleted.
if not is_new then
    keep_gone(job_id, now)
end
local gone = not clear and try('ZSCORE', gone_key, job_id)
-- If the id was not deleted recently, only what is called within a moment can be taken.
local refused
if due and (gone or due - now < CLAIMED_AHEAD_MS) then
    refused = refuse_instant(job_id, due, false, now, tonumber(gone or 0))
end
if refused and refused ~= 'late' then
    return -refused
elseif refused and due > created then
    return CREATION_LATE
end
-- First the writes that fail if a key holds another type: a script that fails is not rolled back.
if due then
    redis.call('ZADD', due_key, first_due, job_id)
else
    redis.call('ZREM', due_key, job_id)
end
if not clear then
    try('ZREM', broken_key, job_id)
    redis.call('DEL', job_key)
end
redis.call('HSET', job_key, 'created', as_text(created), each_unpacked())
if gone then
    redis.call('HSET', job_key, 'floor', as_text(tonumber(gone)))
    redis.call('ZREM', gone_key, job_id)
    if created <= tonumber(gone) or is_set_back(now) then
        redis.call('HSET', job_key, 'born', next_token(redis.call('TIME'))) -- it may have been created in the same ms as its predecessor
    end
end
if due and due % 1000 ~= 0 and each_count() > 3 then -- more than a schedule, an api and a type
    note_offset(job_key, due)
end
index_add(job_id)
if jobs_max > 0 and is_new then
    note_count(1)
end
if due and due - now < ANNOUNCED_MS then
    made_due(due)
    wake()
end
audit_version(job_id, ACTION_CREATE, each_count() > 3 and redis.call('HGET', job_key, 'version') or '1')
return CREATION_CREATED
