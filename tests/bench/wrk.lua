-- wrk's side of the API rows: prints one JSON object when it is done.
--   wrk … -s wrk.lua URL -- get                      the URL itself
--   wrk … -s wrk.lua URL -- post TAG [COUNT]         minimal jobs, all distinct; after COUNT of them the last again and again
local tag, count
local sent = -1 -- wrk asks for one request at the start that it does not send

local function post()
    sent = math.min(sent + 1, count)
    return wrk.format('POST', nil, nil, '{"schedule":"0 0 29 2 *","api":"https://example.com/' .. tag .. '/' .. sent ..
        '","type":"ATLEAST_ONCE"}')
end

function init(args)
    tag, count = args[2] or '', tonumber(args[3]) or math.huge
    if args[1] == 'post' then
        wrk.headers['Content-Type'] = 'application/json'
        request = post -- where there is none, wrk makes the request once, for all
    end
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format('{"requests": %d, "seconds": %.3f, "p50_ms": %.3f, "p99_ms": %.3f, "bad": %d}\n', summary.requests,
        summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        e.connect + e.read + e.write + e.status + e.timeout))
end
