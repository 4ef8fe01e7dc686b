-- part packed: a job's definition as runners are told of it, in one text.
-- needs: definition

-- The definition of a job that was read: for each field its place in lib/job/job_fields.c (from 0), its length, and the value:
-- "<place> <length> <value>", a line end behind each.
local function pack_definition(job)
    local packed = '0 ' .. #job.schedule .. ' ' .. job.schedule .. '\n1 ' .. #job.api .. ' ' .. job.api .. '\n2 ' .. #job.type .. ' ' .. job.type .. '\n'
    for i = 5, job.is_plain == true and 0 or #DEFINITION do -- a field of that name would be a text
        local value = job[DEFINITION[i]]
        if value then
            packed = packed .. (i - 2) .. ' ' .. #value .. ' ' .. value .. '\n'
        end
    end
    return packed
end
