-- The transcoder lets a parameter of the query override what the path or the body says. `in_path`, which precedes this
-- text, has for each method the fields that its path names, by their spelling in lower case without underscores, since
-- the transcoder knows a field by two names.

local function plain(key)
  local decoded = key:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  return (decoded:gsub("_", ""):lower())
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local query = (headers:get("x-envoy-original-path") or ""):match("%?(.+)")
  if not query then  -- as with all gRPC
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
