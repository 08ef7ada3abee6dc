-- Refuses what the transcoder lets pass: query parameters that override fields of the path or the body, and unknown
-- fields in a body. Two tables precede this text. `in_path` has, for each method, the fields in its path, in lower case
-- without underscores, since the transcoder accepts two names of a field. `in_body` has all fields that a body may
-- have, under both names.

local function plain(key)
  local decoded = key:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  return (decoded:gsub("_", ""):lower())
end

local function unknown(note, known)
  for field in note:gmatch("[^,]+") do
    if not known[field] then
      return field
    end
  end
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local note = headers:get("x-yoyaku-fields")  -- set by fields.lua
  if note then
    headers:remove("x-yoyaku-fields")
    local field = unknown(note, in_body[headers:get(":path")] or {})
    if field then
      handle:respond({[":status"] = "400"}, "the body takes no field `" .. field .. "`: check its spelling against the OpenAPI file")
      return
    end
  end
  local query = (headers:get("x-envoy-original-path") or ""):match("%?(.+)")
  if not query then  -- always so with gRPC
    return
  end
  local verb = headers:get("x-envoy-original-method")
  if verb ~= "GET" and verb ~= "DELETE" then
    handle:respond({[":status"] = "400"}, verb .. " takes no parameters in the query: send them in the body")
    return
  end
  for key in query:gmatch("[^&]+") do
    local named = (in_path[headers:get(":path")] or {})[plain(key:match("^[^=]*"))]
    if named then
      handle:respond({[":status"] = "400"}, "the path names " .. named .. " already: leave it out of the query")
      return
    end
  end
end
