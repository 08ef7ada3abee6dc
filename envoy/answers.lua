-- Adjusts answers. It runs for those with one of the headers in server/edge/lua.py (ANSWERS_TO_MEND).

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

-- A worker sends an answer all at once, and in trailers what becomes headers here. Its grpc-message says that there are some.
local function complete(handle)
  handle:body()  -- holds the headers back until the trailers are there, as they are as soon as the transcoder is done
  local headers, trailers = handle:headers(), handle:trailers()
  headers:remove("grpc-message")
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
  if headers:get("grpc-message") == "headers-behind" then
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
