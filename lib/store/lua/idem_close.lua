-- idem_close: keep the answer to a request with an idempotency key, or forget the key if the request did nothing. The first answer stays.
-- needs: clock kept number write
-- Returns 1 (done), 0 (there already is an answer, the key now belongs to another request, or there is no room for the answer: nothing
-- changes).
local kept = try('HMGET', idem_key, 'request', 'status', 'ends')
if kept and (kept[2] or kept[1] and kept[1] ~= request_digest) then
    return 0
end
local noted = kept and tonumber(kept[3] or nil) and kept[3]
if not status then
    redis.call('DEL', idem_key)
    count_bytes(noted, -NOTED_BYTES)
    return 1
end
local keep, ends = find_room(bytes_of(body), now_ms())
if not keep then
    return 0
end
write('HSET', idem_key, 'request', request_digest, 'status', status, 'type', content_type, 'body', body)
redis.call('HDEL', idem_key, 'ends')
redis.call('PEXPIRE', idem_key, as_text(keep))
count_bytes(noted, -NOTED_BYTES)
count_bytes(ends, bytes_of(body))
return 1
