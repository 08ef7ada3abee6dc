-- Repairs or refuses requests that Envoy or gRPC would mishandle. It runs for calls without a token, and for those with one
-- of the headers in server/edge/lua.py (ODD_HEADERS): a header that is looked at here must be there too.

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
