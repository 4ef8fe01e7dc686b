-- tidy: is a runner that is named among a shard's holders still holding anything? If not, its name goes.
-- KEYS[1] claimed:<runner>  KEYS[2] holders
-- ARGV[1] the runner
-- Returns 1 where it holds something, else 0.
if redis.call('EXISTS', KEYS[1]) == 1 then
    return 1
end
redis.call('SREM', KEYS[2], ARGV[1])
return 0
