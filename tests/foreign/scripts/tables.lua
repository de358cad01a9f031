-- SPDX-License-Identifier: MIT
-- Tables, sorting, metatables, closing and collecting.
local seed = 1
local function random(n)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed % n + 1
end

local list = {}
for i = 1, 5000 do list[i] = random(100000) end
table.sort(list)
print(list[1], list[2500], list[5000])
table.sort(list, function(a, b) return a > b end)
print(list[1], list[2500], list[5000])
print(pcall(table.sort, {3, 1, "x"}))
print(pcall(table.sort, {1, 2, 3, 4, 5}, function() return true end))
print(table.unpack({1, 2, nil, 4}, 1, 4))
print(table.concat(table.move({1, 2, 3}, 1, 3, 2), " "))
print(#table.pack(nil, nil), table.remove({1, 2}, 1))

local words = {}
for i = 1, 20000 do words["key" .. random(5000)] = i end
local count, sum = 0, 0
for _, value in pairs(words) do count, sum = count + 1, sum + value end
print(count, sum)
for key in pairs(words) do words[key] = nil end
print(next(words), rawlen({1, 2}), rawequal(words, words))

local Point = {}
Point.__index = Point
Point.__add = function(a, b) return setmetatable({x = a.x + b.x}, Point) end
Point.__eq = function(a, b) return a.x == b.x end
Point.__lt = function(a, b) return a.x < b.x end
Point.__le = function(a, b) return a.x <= b.x end
Point.__call = function(self, by) return self.x * by end
Point.__concat = function(a, b) return "point" end
Point.__len = function() return 99 end
Point.__tostring = function(self) return "Point(" .. self.x .. ")" end
Point.__close = function(self) print("closed", self.x) end
local p, q = setmetatable({x = 1}, Point), setmetatable({x = 2}, Point)
print(tostring(p + q), p == q, p < q, p <= q, p(10), p .. q, #p, p.y)
do
  local a <close> = p
  local b <close> = q
  local c <const> = 5
  print("in the block", c)
end
print(pcall(function() local a <close> = p; error("inside", 0) end))
print(setmetatable({}, {__index = function(_, key) return key .. "!" end}).missing)
print(getmetatable("").__index == string, getmetatable(setmetatable({}, {__metatable = "locked"})))

local collected = 0
for i = 1, 500 do setmetatable({}, {__gc = function() collected = collected + 1 end}) end
collectgarbage()
local weak = setmetatable({{}, {}, "kept"}, {__mode = "v"})
collectgarbage()
print(collected, weak[1], weak[2], weak[3], collectgarbage("count") < 8192)
for _, mode in ipairs {"generational", "incremental"} do
  collectgarbage(mode)
  local garbage
  for i = 1, 20000 do garbage = {garbage and i, tostring(i)} end
  collectgarbage()
end
