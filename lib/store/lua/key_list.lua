-- key_list: all API keys.
-- Returns of each its id, and these fields (nil: not there).
local reply = {}
for _, id in ipairs(redis.call('SMEMBERS', keys_key)) do
    reply[#reply + 1] = id
    for _, value in ipairs(redis.call('HMGET', key_prefix .. id, each_unpacked())) do
        reply[#reply + 1] = value
    end
end
return reply
