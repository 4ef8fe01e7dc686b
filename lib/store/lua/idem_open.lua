-- idem_open: look whether a request with an idempotency key was answered before, and note that it has come.
-- needs: write
-- Returns {} (it has to be done, even if another process is doing it: done twice, it has the same effect), {'other'} (the key belongs to
-- another request), or {status, content type, body} of the answer.
local kept = try('HMGET', idem_key, 'request', 'status', 'type', 'body')
if kept and kept[1] then
    if kept[1] ~= request_digest then
        return {'other'}
    end
    return kept[2] and {kept[2], kept[3], kept[4]} or {}
end
write('HSET', idem_key, 'request', request_digest)
redis.call('PEXPIRE', idem_key, keep_ms)
return {}
