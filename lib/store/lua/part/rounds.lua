-- part rounds: how many attempts there are.
-- needs: write

-- A job's own rule for retries, as it stands in its definition; {} where there is none.
local function retry_rule(job_prefix, id)
    local good, rule = pcall(cjson.decode, try('HGET', job_prefix .. id, 'retry') or '{}')
    return good and type(rule) == 'table' and rule or {}
end

-- How many attempts an occurrence of the job has, by its own rule or else as usual. One that was re-driven has as many again, and numbers
-- go on: so a round is over with each multiple of it.
local function attempts_in_round(job_prefix, id, usual)
    return tonumber(retry_rule(job_prefix, id).max_attempts) or tonumber(usual)
end
