-- idem_open: look whether a request with an idempotency key was answered before, and note that it has come.
-- needs: write
-- KEYS[1] what is kept of the key
-- ARGV[1] digest of the request  [2] how long the key is kept (ms)
-- Returns {} (it is to be done; also where it is being done just now: to do the same twice is to do it once), {'other'} (the key belongs to
-- another request), or {status, content type, body} of the answer. Sent twice, it is the same.
local kept = try('HMGET', KEYS[1], 'request', 'status', 'type', 'body')
if kept and kept[1] then
    if kept[1] ~= ARGV[1] then
        return {'other'}
    end
    return kept[2] and {kept[2], kept[3], kept[4]} or {}
end
write('HSET', KEYS[1], 'request', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {}
