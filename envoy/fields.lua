-- The transcoder silently drops unknown fields of a body. So before it reads the body, this filter notes the body's
-- fields, as `patient.name,patient.phone`; query.lua compares them with the contract once the method is known. It only
-- looks for the beginnings and ends of strings and objects, because the transcoder refuses invalid JSON anyway.

local most_steps = 50000  -- takes some milliseconds; the longest text has 10,000 characters of at most two escapes each
local longest_name = 64
local longest_note = 8000
local deepest = 20  -- anything nested deeper is inside an unknown field already

-- Where the string that begins at `at` ends, and how many steps it took to find that.
local function past_text(body, at)
  for steps = 1, most_steps do
    local _, found, mark = body:find('(["\\])', at)
    if not found then
      return nil, steps
    end
    at = found + (mark == '"' and 1 or 2)
    if mark == '"' then
      return at, steps
    end
  end
  return nil, most_steps
end

-- The names of all fields, and whether the body has more parts than any call accepts.
local function fields_of(body)
  local noted, note, path, parents, at, steps = {}, {}, "", {}, 1, 0
  local length = 0
  while steps < most_steps and length < longest_note do
    local _, found, mark = body:find('([{}"])', at)
    if not found then
      return table.concat(note, ","), false
    end
    at, steps = found + 1, steps + 1
    if mark == "{" then
      parents[#parents + 1] = path
    elseif mark == "}" then
      path = table.remove(parents) or ""
    else
      local first, more = at, nil
      at, more = past_text(body, first)
      steps = steps + more
      if not at then
        return table.concat(note, ","), steps >= most_steps
      end
      local value = body:match("^[ \t\r\n]*:()", at)
      if value then
        local name = body:sub(first, math.min(at - 2, first + longest_name)):gsub("[^%w_]", "?")
        local parent = parents[#parents] or ""
        at = value
        if #parents <= deepest then
          path = parent == "" and name or parent .. "." .. name
        end
        if not noted[path] then
          noted[path] = true
          note[#note + 1] = path
          length = length + #path
        end
      end
    end
  end
  return table.concat(note, ","), true
end

function envoy_on_request(handle)
  if (handle:headers():get("content-type") or ""):match("^application/grpc") then
    return
  end
  local body = handle:body()
  if not body or body:length() == 0 then
    return
  end
  local note, too_many = fields_of(body:getBytes(0, body:length()))
  if too_many then
    handle:respond({[":status"] = "400"}, "the body has more parts than any call takes: check it against the OpenAPI file")
  elseif note ~= "" then
    handle:headers():replace("x-yoyaku-fields", note)
  end
end
