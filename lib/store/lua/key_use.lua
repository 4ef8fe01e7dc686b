-- key_use: note the day on which an API key was used.
-- needs: number
-- Returns KEYED_DONE or KEYED_NONE.
if redis.call('EXISTS', key_key) == 0 then
    return KEYED_NONE
end
if day > tonumber(redis.call('HGET', key_key, 'used') or 0) then
    redis.call('HSET', key_key, 'used', as_text(day))
end
return KEYED_DONE
