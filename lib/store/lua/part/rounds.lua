-- part rounds: how many attempts an occurrence has.
-- needs: write

-- Returns a job's own rule for retries, from its definition; {} if it has none.
local function retry_rule(id)
    local is_good, rule = pcall(cjson.decode, try('HGET', job_prefix .. id, 'retry') or '{}')
    return is_good and type(rule) == 'table' and rule or {}
end

-- Returns how many attempts an occurrence has by that rule, or by default. A redriven one has as many again, and numbers go on: so each
-- multiple of it ends a round.
local function attempts_by(rule)
    return tonumber(rule.max_attempts) or attempts
end
