-- idem_close: keep the answer to a request with an idempotency key, or forget the key if the request did nothing. The first answer stays.
-- needs: write
-- Returns 1 (done), 0 (there already is an answer, or the key now belongs to another request: nothing changes).
local kept = try('HMGET', idem_key, 'request', 'status')
if kept and (kept[2] or kept[1] and kept[1] ~= request_digest) then
    return 0
end
if not status then
    redis.call('DEL', idem_key)
    return 1
end
write('HSET', idem_key, 'request', request_digest, 'status', status, 'type', content_type, 'body', body)
redis.call('PEXPIRE', idem_key, keep_ms)
return 1
