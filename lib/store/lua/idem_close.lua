-- idem_close: keep the answer to a request with an idempotency key, or forget the key where nothing was done. The first answer stays.
-- needs: write
-- KEYS[1] what is kept of the key
-- ARGV[1] digest of the request  [2] how long the key is kept from now on (ms)  then status, content type, body; without them: nothing was done
-- Returns 1 (done), 0 (there is an answer already, or the key belongs to another request by now: nothing is changed).
local kept = try('HMGET', KEYS[1], 'request', 'status')
if kept and (kept[2] or kept[1] and kept[1] ~= ARGV[1]) then
    return 0
end
if not ARGV[3] then
    redis.call('DEL', KEYS[1])
    return 1
end
write('HSET', KEYS[1], 'request', ARGV[1], 'status', ARGV[3], 'type', ARGV[4], 'body', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
