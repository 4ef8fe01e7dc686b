-- key_rotate: give an API key a new token. The one that it has is taken for some time more; one from before that is not.
-- needs: clock number
-- Returns KEYED_DONE, KEYED_NONE or KEYED_UNTOKENED.
local created, revoked, old = unpack(redis.call('HMGET', key_key, 'created', 'revoked', 'hash'))
if not created or revoked then
    return KEYED_NONE
end
if not old then
    return KEYED_UNTOKENED
end
if old == hash then
    return KEYED_DONE -- sent twice
end
redis.call('HSET', key_key, 'hash', hash, 'hash2', old, 'hash2_until', as_text(now_ms() + overlap_ms))
return KEYED_DONE
