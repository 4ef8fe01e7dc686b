-- key_revoke: no request passes with this API key any more. It stays on the list.
-- needs: audit clock number
-- Returns KEYED_DONE, KEYED_KNOWN (it was revoked before: nothing changes) or KEYED_NONE.
if redis.call('EXISTS', key_key) == 0 then
    return KEYED_NONE
end
if redis.call('HSETNX', key_key, 'revoked', as_text(now_ms())) == 0 then
    return KEYED_KNOWN
end
append_audit(install_audit_key, 'key:' .. key_id, ACTION_REVOKE, '')
return KEYED_DONE
