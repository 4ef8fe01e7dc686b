-- sealed_drop: forget a secret, or the signing keys of a name, and tell the runners.
-- needs: audit
-- Returns 1, or 0 where there is none.
if redis.call('HDEL', sealed_key, name) == 0 then
    return 0
end
redis.call('HINCRBY', sealed_key, SEALED_COUNT, 1)
redis.call('PUBLISH', WAKE_CHANNEL, WAKE_SEALED .. kind)
append_audit(install_audit_key, kind .. ':' .. name, ACTION_DELETE, '')
return 1
