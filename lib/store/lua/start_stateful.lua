-- start_stateful: as start, for attempts of stateful jobs (lib/job/stateful.h); it reads and writes what these remember.
-- needs: claims collision runs starting wake
-- Returns for each what start does, or VERDICT_SETTLED (it must not be called: another occurrence of the job is under way, so this one was
-- recorded as skipped, or waits in retry). The job's next instant is in due then, too.
local function start(member, ticket, next_due)
    local claim = read_claim(member)
    local refused = refuse_start(member, ticket, claim) or refuse_beyond_runs(member, claim) or take_slot(member, claim, next_due)
    if not refused then
        mark_started(member, claim, count_run(member, claim, next_due))
    end
    write_starts() -- before the next one, which may be of the same job
    return refused or VERDICT_DONE
end

local reply = {}
for member, ticket, next_due in each() do
    reply[#reply + 1] = start(member, ticket, next_due)
end
wake()
return reply
