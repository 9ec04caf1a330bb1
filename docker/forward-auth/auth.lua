-- Asks the auth node about a request. Sets the node's X-Auth-… headers, or answers what the node answers.
local node = "http://127.0.0.1:8080/auth"
local asked = { "authorization", "cookie", "origin", "sec-fetch-site" }

local function refuse(txn, status, headers)
    local reply = txn:reply { status = status }
    reply:add_header("Cache-Control", "no-store")
    for _, name in ipairs { "www-authenticate", "retry-after" } do
        for _, value in pairs(headers[name] or {}) do reply:add_header(name, value) end
    end
    txn:done(reply)
end

core.register_action("authenticate", { "http-req" }, function(txn)
    local sent = txn.http:req_get_headers()
    local headers = {
        ["x-forwarded-for"] = { txn.f:src() },
        ["x-forwarded-host"] = { txn.f:req_hdr("host") or "" },
        ["x-forwarded-method"] = { txn.f:method() },
    }
    for _, name in ipairs(asked) do
        -- All values: a request with two tokens is refused. HAProxy counts them from 0.
        if sent[name] then
            headers[name] = {}
            for _, value in pairs(sent[name]) do table.insert(headers[name], value) end
        end
    end
    local answer = core.httpclient():get { url = node, headers = headers, timeout = 2000 }
    local status = answer and answer.status
    if status == 200 then
        for name, values in pairs(answer.headers) do
            if name:sub(1, 7) == "x-auth-" then txn.http:req_set_header(name, values[0]) end
        end
    elseif status == 401 or status == 403 then
        refuse(txn, status, answer.headers)
    else
        refuse(txn, 503, { ["retry-after"] = { "1" } })
    end
end)
