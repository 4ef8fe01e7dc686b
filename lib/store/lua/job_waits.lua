-- job_waits: is there an attempt at an occurrence that was never recorded, because it was put off or handed back unsent?
-- needs: stamp waiting
-- KEYS[1] the job's hash  KEYS[2] retry
-- ARGV[1] id (32 bytes)  [2] the occurrence's instant (ms)
-- Returns 1 (it waits in retry, to be made) or 0.
local stamp = read_stamp(KEYS[1])
return stamp and (is_put_off(KEYS[2], ARGV[1] .. ARGV[2], stamp) or is_handed_back(KEYS[2], ARGV[1] .. ARGV[2], stamp)) and 1 or 0
