-- part packed: a job's definition as a claim brings it to a runner, in one text.
-- needs: definition

-- Each field is "<index> <length> <value>" and a line end; the index is its place among the FIELDs of contract.def, from 0.
local function pack_definition(job)
    local packed = '0 ' .. #job.schedule .. ' ' .. job.schedule .. '\n1 ' .. #job.api .. ' ' .. job.api .. '\n2 ' .. #job.type .. ' '
        .. job.type .. '\n'
    for i = 5, job.is_plain == true and 0 or #DEFINITION do -- a field of that name would be a text
        local value = job[DEFINITION[i]]
        if value then
            packed = packed .. (i - 2) .. ' ' .. #value .. ' ' .. value .. '\n'
        end
    end
    return packed
end
