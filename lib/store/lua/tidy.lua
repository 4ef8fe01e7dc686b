-- tidy: take a runner off a shard's holders, unless it holds something there.
-- Returns 1 if it holds something, else 0.
if redis.call('EXISTS', claimed_key) == 1 then
    return 1
end
redis.call('SREM', holders_key, runner)
return 0
