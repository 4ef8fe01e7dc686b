-- job_change: give a job another definition, another next instant, or both.
-- needs: stamp definition clock taken watched
-- KEYS[1] the job's hash  KEYS[2] due  KEYS[3] broken  KEYS[4] retry  KEYS[5] holders  KEYS[6] executions  KEYS[7] gone
-- ARGV[1] id (32 bytes)  [2] shard  [3] when it was created, its version, its epoch and when it was born, as they were read
--   ('<ms> <n> <n> <n>', 0 for what is not there)
--   [4] its next instant (ms; 'n': none is left, so it is COMPLETED; 'p': it stays paused; '': its time is not changed)
--   [5] prefix of the runners' claims  [6] prefix of the jobs' keys  [7] prefix of the histories' keys
--   [8] '1' where a definition follows: the name and the value of each field that is not at its default
-- Returns 1 (done), 0 (there is no such job), -1 (it is not the one that was read), -2 (that instant is over: another one is to be found).
-- Less than that: it is taken, and so are all up to the one that this tells (ms, the sign apart). All but 1 change nothing.
local id, shard, read, due = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local where = {retry_key = KEYS[4], holders_key = KEYS[5], executions_key = KEYS[6], gone_key = KEYS[7], claimed_prefix = ARGV[5],
    job_prefix = ARGV[6], history_prefix = ARGV[7]}
local stamp = read_stamp(KEYS[1])
if not stamp then
    return redis.call('EXISTS', KEYS[1]) == 0 and 0 or -1
end
local life = redis.call('HMGET', KEYS[1], 'created', 'version', 'epoch', 'state', 'born')
if read ~= table.concat({life[1], life[2] or '1', life[3] or '0', (life[5] or ''):match('^%d+$') or '0'}, ' ') then
    return -1
end

local at, now = tonumber(due), now_ms()
local refused = at and refuse_instant(where, id, at, stamp, now, floor_of(where, id, now))
if refused then
    return refused == 'late' and -2 or -refused
end
if at then
    redis.call('ZADD', KEYS[2], due, id) -- first what may fail: a script that fails is not rolled back
end
if ARGV[8] == '1' then
    redis.call('HDEL', KEYS[1], unpack(DEFINITION, 2))
    redis.call('HSET', KEYS[1], unpack(ARGV, 9))
    redis.call('HINCRBY', KEYS[1], 'version', life[2] and 1 or 2)
    if not read_health(KEYS[1]) then
        redis.call('HDEL', KEYS[1], 'failures') -- nobody counts on
    end
end
if due ~= '' then
    redis.call('HINCRBY', KEYS[1], 'epoch', 1)
    try('ZREM', KEYS[3], id)
end
if at or due == 'n' then
    redis.call('HDEL', KEYS[1], 'state', 'state_reason', 'state_note', 'state_since', 'state_by')
    if life[4] == 'PAUSED' and redis.call('HEXISTS', KEYS[1], 'failures') == 1 then
        redis.call('HSET', KEYS[1], 'failures', 0) -- resumed: still failing, with as many tries as at first
    end
end
if at then
    note_offset(KEYS[1], at)
    wake(shard, at)
elseif due == 'n' then
    try('ZREM', KEYS[2], id)
    redis.call('HSET', KEYS[1], 'state', 'COMPLETED', 'state_since', as_text(now))
end
return 1
