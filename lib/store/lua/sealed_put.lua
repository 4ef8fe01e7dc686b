-- sealed_put: store a secret, or the signing keys of a name, where it is as it was read, and tell the runners.
-- needs: audit write
-- Returns 1 (stored), 0 (it is not as it was read: nothing changed), -1 (there are too many already: nothing changed).
local old = redis.call('HGET', sealed_key, name)
if (old and string.match(old, '^%d+') or '') ~= known then
    return 0
end
-- One field counts the changes.
if not old and redis.call('HLEN', sealed_key) > SEALED_MAX then
    return -1
end
write('HSET', sealed_key, name, content)
redis.call('HINCRBY', sealed_key, SEALED_COUNT, 1)
redis.call('PUBLISH', WAKE_CHANNEL, WAKE_SEALED .. kind)
append_audit(install_audit_key, kind .. ':' .. name, old and ACTION_CHANGE or ACTION_CREATE, ' ' .. TRAIL_VERSION .. ':' .. (string.match(content, '^%d+') or '1'))
return 1
