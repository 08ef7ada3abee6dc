-- Runs for every call: repairs or refuses requests that Envoy or gRPC would mishandle, and adjusts answers.

-- The types that Envoy's filters take for gRPC-Web and for gRPC. Anything else is JSON, whatever its type.
local grpc_web = {}
for _, ending in ipairs({"", "+proto", "-text", "-text+proto"}) do
  grpc_web["application/grpc-web" .. ending] = true
end

local function is_grpc(kind)
  return kind == "application/grpc" or kind:find("application/grpc+", 1, true) == 1
end

-- The name in a client's certificate, which Envoy has verified: its one URI, else its one DNS name. Several would leave
-- open which system it is.
local function certificate_name(handle)
  local tls = handle:streamInfo():downstreamSslConnection()
  if not tls or not tls:peerCertificatePresented() then
    return nil
  end
  local uris, hosts = tls:uriSanPeerCertificate(), tls:dnsSansPeerCertificate()
  if #uris > 0 then
    return #uris == 1 and uris[1] or nil
  end
  return #hosts == 1 and hosts[1]:lower() or nil
end

function envoy_on_request(handle)
  local headers = handle:headers()
  if headers:get(":method") == "CONNECT" then  -- has no end, so it would be held until the request's time is over
    handle:respond({[":status"] = "400"}, "CONNECT is not offered here: send the request itself")
    return
  end
  local path = headers:get(":path")
  if path and path:find("%3", 1, true) then  -- some clients escape the colon before a path's verb
    local before, query = path:match("^([^?]*)(.*)$")
    headers:replace(":path", before:gsub("%%3[Aa]", ":") .. query)
  end
  local own = headers:get("x-client-request-id")
  headers:remove("x-client-request-id")
  if own and #own >= 8 and #own <= 64 and own:match("^[%w-]+$") then
    headers:replace("x-request-id", own)
  end
  local kind = headers:get("content-type") or ""
  local over_grpc = is_grpc(kind)
  if not over_grpc and not grpc_web[kind] and kind:find("application/grpc", 1, true) == 1 then
    headers:replace("content-type", "application/json")  -- filters and routes below take the beginning for gRPC
  end
  if over_grpc and handle:streamInfo():protocol() ~= "HTTP/2" then
    handle:respond({[":status"] = "426"}, "")  -- gRPC's status comes in trailers, after the message
    return
  end
  -- A small compressed message may inflate to any size before a worker can check its length.
  if (headers:get("grpc-encoding") or "identity") ~= "identity" then
    if over_grpc or grpc_web[kind] then
      handle:respond({[":status"] = "415"}, "")
      return
    end
    headers:remove("grpc-encoding")  -- has no meaning in REST
  end
  -- RFC 9110: the scheme's name is case-insensitive, but the filter `jwt` accepts only one spelling.
  local token = (headers:get("authorization") or ""):match("^[Bb][Ee][Aa][Rr][Ee][Rr] +(.*)")
  if token then
    headers:replace("authorization", "Bearer " .. token)
  end
  -- A token goes before a certificate. A browser shows its certificate in the calls of any page that somebody opens.
  local of_a_page = headers:get("origin") or headers:get("sec-fetch-site")
  if edge_key ~= "" and not headers:get("authorization") and not of_a_page then
    local name = certificate_name(handle)
    if name then
      headers:replace("x-yoyaku-certificate", edge_key .. " " .. name)
    end
  end
end

-- Beginnings of the transcoder's error texts, and the texts that callers get instead. Those contain names of fields and
-- parameters, which need no escapes in JSON, but no values.
local words = {
  {'^Could not find field "([%w_.-]+)" in the type', "the call takes no parameter `%s`: check its spelling against the OpenAPI file"},
  {"^Could not find field", "the call takes no such parameter: check the query against the OpenAPI file"},
  {"^Encountered a non%-leaf field", "a parameter of the query names a part of a field that has none: check the query against the OpenAPI file"},
  {"^The binding value .* of the field ([%w_.]+) is conflicting", "%s in the body is not the one in the path: send it in the path alone"},
  {"^[%w_.%[%]]*: invalid value Starting an object on a scalar field for type ([%w_]+)$", "%s is a plain value, not an object: check the body against the OpenAPI file"},
  {"^([%w_.%[%]]+): invalid value .* for type .-(%w+)$", "%s is not of type %s: check it against the OpenAPI file"},
  {"^[%w_.%[%]]*: Proto field is not repeating", "a field that takes one value has a list: check the body against the OpenAPI file"},
  {"^: Root element must be a message", "the body is not a JSON object: put its fields in braces"},
  {"^Encountered non UTF%-8", "the body is not UTF-8: encode it so, then send it again"},
  {"^Message too deep", "the body is nested too deeply: check it against the OpenAPI file"},
  {"", "the body is not well-formed JSON: mend its syntax, then send it again"},
}
local answer = '{"code":3,"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"yoyaku",'
  .. '"metadata":{},"reason":"INVALID_REQUEST"}],"message":"%s"}\n'

local function translate(said)
  for _, pair in ipairs(words) do
    local name, kind = said:match(pair[1])
    if name then
      return pair[2]:format(name, kind)
    end
  end
end

local from_trailers = {"etag", "x-yoyaku-read-mark", "x-yoyaku-staleness"}

-- A worker sends an answer all at once, and in trailers what becomes headers here.
local function complete(handle)
  handle:body()  -- holds the headers back until the trailers are there, as they are as soon as the transcoder is done
  local headers, trailers = handle:headers(), handle:trailers()
  local location = trailers:get("location")
  if location then
    headers:replace("location", location)
    headers:replace(":status", "201")
  end
  for _, name in ipairs(from_trailers) do
    local value = trailers:get(name)
    if value then
      headers:replace(name, value)
    end
  end
end

function envoy_on_response(handle)
  local headers = handle:headers()
  local kind = headers:get("content-type") or ""
  if kind == "application/json" and headers:get("grpc-status") == "0" then
    complete(handle)
    return
  end
  if kind == "text/x-transcoder" then
    local body = handle:body()
    local length = body:setBytes(answer:format(translate(body:getBytes(0, body:length()))))
    headers = handle:headers()  -- Lua's view of them ends while a body is awaited
    headers:replace("content-type", "application/json")
    headers:replace("content-length", length)
  end
  local code = headers:get("x-yoyaku-code")  -- of local_replies.yaml; the filter `grpc_web` has put another in its place
  if code then
    headers:remove("x-yoyaku-code")
    headers:replace("grpc-status", code)
  end
  if headers:get("x-yoyaku-precondition") then  -- RFC 9110: an If-Match that does not match
    headers:remove("x-yoyaku-precondition")
    if kind:match("^application/json") then
      headers:replace(":status", "412")
    end
  end
end
