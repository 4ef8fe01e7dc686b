-- key_revoke: no request passes with this API key any more. It stays on the list.
-- needs: clock number
-- Returns KEYED_DONE, also where it was revoked before, or KEYED_NONE.
if redis.call('EXISTS', key_key) == 0 then
    return KEYED_NONE
end
redis.call('HSETNX', key_key, 'revoked', as_text(now_ms()))
return KEYED_DONE
