-- SPDX-License-Identifier: MIT
-- Functions, coroutines, errors, chunks: what jumps.
local function fibonacci(n) return n < 2 and n or fibonacci(n - 1) + fibonacci(n - 2) end
print(fibonacci(22))
local function tail(n) if n == 0 then return "end" end return tail(n - 1) end
print(tail(100000), (function(...) return select("#", ...), ... end)(1, nil, 3))
for i = 1, 3 do
  for j = 1, 3 do
    if j == 2 then goto continue end
    io.write(i, j, " ")
    ::continue::
  end
end
print()

local producer = coroutine.wrap(function()
  for i = 1, 5 do coroutine.yield(i, i * i) end
  return "done"
end)
for _ = 1, 6 do print(producer()) end
print(pcall(producer))
local inner = coroutine.create(function(a)
  local b = coroutine.yield(a + 1)
  local ok, message = pcall(function() coroutine.yield(b); error({code = 42}) end)
  print(ok, message.code, coroutine.isyieldable(), type(coroutine.running()))
  return "last"
end)
print(coroutine.resume(inner, 1))
print(coroutine.resume(inner, 7))
print(select(2, coroutine.resume(inner)), coroutine.status(inner), coroutine.resume(inner))
print(coroutine.close(coroutine.create(print)), select("#", coroutine.running()))
local many = {}
for i = 1, 500 do many[i] = coroutine.wrap(function() while true do coroutine.yield(i) end end) end
local sum = 0
for round = 1, 10 do for i = 1, 500 do sum = sum + many[i]() end end
print(sum)

print(pcall(error), pcall(error, nil), pcall(error, "at 2", 2), pcall(error, {}) == false)
print(xpcall(function() local t; t.x.y = 1 end, function(m) return "handled: " .. m end))
print(pcall(function() return #5 end), pcall(function() return {} < {} end))
print(pcall(next, {}, "no"))
print(pcall(function() return 1 < "2" end), pcall(function() return {} .. "x" end))
print(pcall(tostring))
print(select(2, pcall(string.rep)), select(2, pcall(setmetatable, 1)))
print(select(2, pcall(math.floor, {})))
for _, chunk in ipairs {"return 1 + 1", "x =", "for", "goto nowhere", "break",
                        "local x <const> = 1; x = 2",
                        "return '", "::a:: ::a::", "return 0x", "a.b:c = 1", "--[==[", "\27Lua"} do
  local loaded, message = load(chunk, "=chunk")
  print(loaded and loaded() or message)
end
print(load(string.dump(function(a, b) return a * b end))(6, 7))
print(load("return _ENV.x", "c", "t", {x = 5})())

local depth = 0
local function nested(s) depth = depth + 1; return (s:gsub(".", nested)) end
print(pcall(nested, "x"), depth)
print(select(2, load("return " .. ("("):rep(300) .. "1" .. (")"):rep(300))))
local function recursive(n) return 1 + recursive(n + 1) end
print(select(2, pcall(recursive, 1)))
print(debug.getinfo(1, "l").currentline, debug.getinfo(print).what, debug.traceback("trace", 1))
print(pcall(string.rep, "x", 1 << 45))
