-- part rounds: how many attempts there are.
-- needs: write

-- A job's own rule for retries, as it stands in its definition; {} where there is none.
local function retry_rule(id)
    local is_good, rule = pcall(cjson.decode, try('HGET', job_prefix .. id, 'retry') or '{}')
    return is_good and type(rule) == 'table' and rule or {}
end

-- How many attempts an occurrence has by that rule, or else as usual. One that was redriven has as many again, and numbers go on: so a
-- round is over with each multiple of it.
local function attempts_by(rule)
    return tonumber(rule.max_attempts) or attempts
end
