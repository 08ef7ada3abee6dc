-- Looks at bodies before they are read: those of gRPC and gRPC-Web must be one plain message, those of REST must be JSON.
--
-- The transcoder silently drops unknown fields of a body, and takes more than JSON: names in single quotes or in none,
-- and commas before a closing bracket. So before it reads the body, this filter checks the body's structure and notes
-- its fields, as `patient.name,patient.phone`; query.lua compares them with the contract once the method is known. What
-- is inside texts and numbers is left to the transcoder.

local most_parts = 20000  -- takes some milliseconds; a batch of 100 has about 1,500
local longest_name = 64
local longest_note = 8000
local deepest = 20

local too_many = "the body has more parts than any call takes: check it against the OpenAPI file"
local not_json = "the body is not well-formed JSON: mend its syntax, then send it again"
local not_object = "the body is not a JSON object: put its fields in braces"
local too_deep = "the body is nested too deeply: check it against the OpenAPI file"

local find, match, byte = string.find, string.match, string.byte
local quote, brace, bracket = byte('"{[', 1, 3)

local capital = {}
for code = byte("a"), byte("z") do
  capital["_" .. string.char(code)] = string.char(code - 32)
end

-- Begins to read a body; nil if it is no object.
local function begun(body)
  -- With its escapes blanked out, a text ends at the next quotation mark, which is at the same place as in `body`.
  local flat = find(body, "\\", 1, true) and body:gsub("\\.", "__") or body
  local at = match(flat, "^[ \t\r\n]*{[ \t\r\n]*()")
  return at and {
    body = body, flat = flat, at = at,
    -- Of each object around `at`: the names that it has so far, false for a list; and its path.
    depth = 1, names = {{}}, paths = {""},
    noted = {}, note = {}, length = 0,
  }
end

local function character(hex)
  local code = tonumber(hex, 16)
  return code < 128 and string.char(code) or "?"
end

-- A name as the transcoder reads it, except that a character that no field's name has is a question mark.
local function plain(name)
  local start = name:sub(1, 6 * (longest_name + 1))  -- an escape has six characters
  return (start:gsub("\\u(%x%x%x%x)", character):sub(1, longest_name + 1):gsub("[^%w_]", "?"))
end

-- Reads an item's name and colon, in an object. Returns the item's path, or nil and what is wrong.
local function named(read, names)
  local first, last, value = match(read.flat, '^"()[^"]*()"[ \t\r\n]*:[ \t\r\n]*()', read.at)
  if not first then
    return nil, not_json
  end
  read.at = value
  local name = plain(read.body:sub(first, last - 1))
  local either = name:gsub("_%l", capital)  -- time_slot and timeSlot are one field
  if names[either] then
    return nil, "the body has the field `" .. name .. "` twice: send it once"
  end
  names[either] = true
  local outer = read.paths[read.depth]
  local path = outer == "" and name or outer .. "." .. name
  if not read.noted[path] then
    read.noted[path] = true
    read.note[#read.note + 1] = path
    read.length = read.length + #path
  end
  return path
end

-- Reads a text, a number, a word, or an empty object or list. Returns whether it opened an object or a list that has
-- items, and what is wrong.
local function opened(read, path)
  local at, flat = read.at, read.flat
  local mark = byte(flat, at)
  if mark == quote then
    local closing = find(flat, '"', at + 1, true)
    read.at = closing and closing + 1
  elseif mark == brace or mark == bracket then
    read.at = match(flat, mark == brace and "^[ \t\r\n]*}()" or "^[ \t\r\n]*]()", at + 1)
    if not read.at then
      local depth = read.depth + 1
      read.depth, read.names[depth], read.paths[depth] = depth, mark == brace and {}, path
      read.at = match(flat, "^[ \t\r\n]*()", at + 1)
      return true, depth > deepest and too_deep or nil
    end
  else
    read.at = match(flat, "^[%w+.-]+()", at)
  end
  return false, not read.at and not_json or nil
end

-- Reads closing brackets up to the comma before the next item. Returns whether the body ends, and what is wrong.
local function closed(read)
  while true do
    local mark, at = match(read.flat, "^[ \t\r\n]*([,}%]])[ \t\r\n]*()", read.at)
    if not mark then
      return nil, not_json
    end
    read.at = at
    if mark == "," then
      return false
    elseif (mark == "}") ~= (read.names[read.depth] and true) then
      return nil, not_json
    end
    read.depth = read.depth - 1
    if read.depth == 0 then
      local ended = at > #read.flat
      return ended, not ended and not_json or nil
    end
  end
end

-- The paths of all fields, or nil and what is wrong with the body.
local function fields_of(body)
  local read = begun(body)
  if not read then
    return nil, not_object
  elseif match(read.flat, "^}[ \t\r\n]*$", read.at) then
    return ""
  end
  for _ = 1, most_parts do
    local names, path = read.names[read.depth], read.paths[read.depth]
    local inside, ended, wrong
    if names then
      path, wrong = named(read, names)
    end
    if not wrong then
      inside, wrong = opened(read, path)
    end
    if not wrong and not inside then
      ended, wrong = closed(read)
    end
    if wrong then
      return nil, wrong
    elseif ended then
      return table.concat(read.note, ",")
    elseif read.length > longest_note then
      break
    end
  end
  return nil, too_many
end

-- Whether a body is a single frame without flags. gRPC's core ignores flags that it does not know, and what follows.
local function is_message(body)
  local length = body:length()
  if length < 5 then
    return true  -- the worker says that there is no message
  end
  local flags, a, b, c, d = byte(body:getBytes(0, 5), 1, 5)
  return flags == 0 and length <= 5 + ((a * 256 + b) * 256 + c) * 256 + d
end

function envoy_on_request(handle)
  local over_grpc = (handle:headers():get("content-type") or ""):match("^application/grpc")
  local body = handle:body()
  if not body or body:length() == 0 then
    return
  end
  if over_grpc then
    if not is_message(body) then
      handle:respond({[":status"] = "400"}, "")
    end
    return
  end
  local note, wrong = fields_of(body:getBytes(0, body:length()))
  if wrong then
    handle:respond({[":status"] = "400"}, wrong)
  elseif note ~= "" then
    handle:headers():replace("x-yoyaku-fields", note)
  end
end
