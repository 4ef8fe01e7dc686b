-- job_waits: look whether an attempt at an occurrence waits that has no record, because it was put off or handed back unsent.
-- needs: stamp waiting
-- Returns 1 (it waits in retry) or 0.
local stamp, member = read_stamp(job_key), job_id .. instant
return stamp and (is_put_off(member, stamp) or is_handed_back(member, stamp)) and 1 or 0
