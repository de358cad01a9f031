-- SPDX-License-Identifier: MIT
-- Patterns, packing, UTF-8, comparison.
local text = "The quick brown fox, 42 and 0x2A; naïve café"

for _, pattern in ipairs {"%a+", "%d+", "(%w+), (%w+)", "^The", "fox$", "[%a_][%w_]*", "%f[%w]%w+",
                          "%b()", ".-o", "[^%s]+$", "%x+", "(()", "%", "[a",
                          "%g%p", "%u%l*", "\xc3."} do
  print(pattern, pcall(string.find, text, pattern))
  print(pcall(string.gsub, text, pattern, "<%0>"))
end
for word, at in text:gmatch("(%a+)()") do io.write(word, ":", at, " ") end
print()
print(text:gsub("%w+", {The = "A", fox = false, brown = 7}))
print(text:gsub("o", function(c) return c:upper() .. c end, 2))
print(("x"):rep(5, "-"), ("abc"):reverse(), ("abc"):sub(-2), ("abc"):byte(1, -1))
print(("%5d|%-5d|%05d|%+d|%5.2f|%-8s|%q|%c|%i|%o|%u"):format(42, 42, 42, 42, 2.345, "ab",
      "a\n\0b\r\"", 65, 7, 8, 9 // 1))
print(string.format("%q %q %q", 1 / 3, math.mininteger, 2 ^ 63), pcall(string.format, "%y", 1))
print(pcall(string.format, "%d", "1.5"), pcall(string.format, "%s"))

local packed = string.pack("<i4 >I2 z s1 d !8 i8 f", -2, 513, "zero", "size", 1.5, 7, 0.25)
print(#packed, (packed:gsub(".", function(c) return ("%02x"):format(c:byte()) end)))
print(string.unpack("<i4 >I2 z s1 d !8 i8 f", packed))
print(string.packsize("i4 i8 !4 i2"), pcall(string.unpack, "i4", "abc"))
print(pcall(string.pack, "i1", 200))

print(utf8.len(text), utf8.char(72, 228, 8364, 0x10FFFF), utf8.codepoint("€", 1))
print(utf8.len("\xff"))
for position, code in utf8.codes("aä€") do io.write(position, "=", code, " ") end
print(utf8.offset("aä€x", 3), pcall(utf8.codepoint, "\xf4\x90\x80\x80"))
print("a" < "b", "a" < "B", "" < "a", "a\0b" < "a\0c", "Z" < "a", "10" < "9", "é" > "z")

local parts = {}
for i = 1, 3000 do parts[i] = i end
local joined = table.concat(parts, ",")
print(#joined, joined:sub(-9), select("#", joined:byte(1, 200)), #joined:rep(100))
print(tostring(nil), tostring(true), #tostring(print) > 0, ("x"):len(), #"\u{7FFFFFFF}")
print(load("return '\\x41\\65\\u{41}\\z   B\\\n'")())
