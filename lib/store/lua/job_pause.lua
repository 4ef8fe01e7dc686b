-- job_pause: a job is called no more until somebody resumes it. What was claimed and not started is void with that.
-- needs: state
-- KEYS[1] the job's hash  KEYS[2] due  KEYS[3] broken
-- ARGV[1] id (32 bytes)  [2] why (user, …)  [3] a note ('': none)  [4] by whom ('': not known)
-- Returns 1 (it is paused, now or since before: then nothing is changed), 0 (there is no such job), -1 (it was set aside).
if redis.call('EXISTS', KEYS[1]) == 0 then
    return 0
end
if redis.call('ZSCORE', KEYS[3], ARGV[1]) then
    return -1
end
if redis.call('HGET', KEYS[1], 'state') == 'PAUSED' then
    return 1
end
pause_job(KEYS[1], KEYS[2], ARGV[1], {ARGV[2], ARGV[3], ARGV[4]})
return 1
