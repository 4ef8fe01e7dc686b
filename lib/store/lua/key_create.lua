-- key_create: store an API key, unless one of its id counts.
-- needs: clock number
-- A key that is a certificate has the id of the certificate's name, so a revoked one gives way to a new one. Where there are KEYS_MAX, those
-- that are revoked or have expired are forgotten.
-- Returns KEYED_DONE, KEYED_KNOWN or KEYED_FULL.
local now = now_ms()

local function is_void(key)
    local created, revoked, expires = unpack(redis.call('HMGET', key, 'created', 'revoked', 'expires'))
    return not created or revoked or (expires and tonumber(expires) <= now)
end

local function forget_void()
    for _, other in ipairs(redis.call('SMEMBERS', keys_key)) do
        if is_void(key_prefix .. other) then
            redis.call('SREM', keys_key, other)
            redis.call('DEL', key_prefix .. other)
        end
    end
end

if redis.call('SISMEMBER', keys_key, key_id) == 1 and not is_void(key_key) then
    return redis.call('HGET', key_key, 'hash') == hash and KEYED_DONE or KEYED_KNOWN -- sent twice
end
if redis.call('SCARD', keys_key) >= KEYS_MAX then
    forget_void()
end
if redis.call('SCARD', keys_key) >= KEYS_MAX then
    return KEYED_FULL
end
redis.call('DEL', key_key)
redis.call('HSET', key_key, 'created', as_text(now), each_unpacked())
if hash ~= '' then
    redis.call('HSET', key_key, 'hash', hash)
end
redis.call('SADD', keys_key, key_id)
return KEYED_DONE
