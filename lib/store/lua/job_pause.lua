-- job_pause: pause a job: it is not called until it is resumed. That voids what was claimed and not started.
-- needs: state
-- Returns 1 (it is paused; if it was before, nothing changes), ANSWER_NONE, ANSWER_OTHER (it is broken).
if redis.call('EXISTS', job_key) == 0 then
    return ANSWER_NONE
end
if redis.call('ZSCORE', broken_key, job_id) then
    return ANSWER_OTHER
end
if redis.call('HGET', job_key, 'state') == JOB_PAUSED then
    return 1
end
pause_job(job_key, job_id, {reason, note, by})
return 1
