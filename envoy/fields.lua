-- The transcoder drops what it does not know in a body without a word. Before it has read the body, this notes which
-- fields that has, as `patient.name,patient.phone`; query.lua compares them with the contract when the method is known.
-- It reads no more than where texts, objects and names begin and end: the transcoder finds what is no JSON.

local most_steps = 50000  -- some milliseconds; a text of the contract's 10,000 characters has at most two escapes each
local longest_name = 64
local longest_note = 8000
local deepest = 20  -- what is nested deeper is in a field that is unknown already

-- Where the text ends that begins at `at`, and how many steps it took.
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

-- The names of all fields, and whether the body has more parts than any call takes.
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
