-- part bucket: a bucket of tokens, as one number: the moment at which it is full again (µs). A bucket of `burst` tokens gets one each
-- interval_us; a request takes one. Knows no key and no clock.

-- Take a token now. full_at: the bucket, nil where it is full. Returns whether there was one, the bucket, and how many are left.
local function take_token(full_at, now, interval, size)
    -- One that claims to need longer than it can (the clock was set back) is empty.
    local lacks = math.min(math.max((full_at or now) - now, 0), size * interval)
    if lacks + interval > size * interval then
        return false, now + lacks, 0
    end
    return true, now + lacks + interval, math.floor(size - (lacks + interval) / interval)
end

-- How long it takes until there is a token (µs).
local function wait_for_token(full_at, now, interval, size)
    return math.max(full_at + interval - size * interval - now, 0)
end
