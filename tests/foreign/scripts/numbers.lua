-- SPDX-License-Identifier: MIT
-- Arithmetic and its text.  Of what no standard rounds exactly, 13 digits; no %a of denormals.
local values = {0, -0.0, 1, -1, 0.1, 1 / 3, 2 ^ 53, 2 ^ 63, 1e15, 1e16, 1e100, 1e-320, 5e-324,
                1.7976931348623157e308, 123456.789, -2.5, 3.5, math.pi, math.huge, -math.huge}

for _, value in ipairs(values) do
  for _, format in ipairs {"%d", "%5.1f", "%.0f", "%.14g", "%.17g", "%.20e", "%x", "%10.3s|"} do
    local ok, text = pcall(string.format, format, value)
    io.write(ok and text or "error", "\t")
  end
  print(value, math.type(value), math.tointeger(value),
        math.abs(value) > 1e-300 and string.format("%a", value))
end

for _, name in ipairs {"sin", "cos", "tan", "asin", "acos", "atan", "exp", "log", "sqrt", "floor",
                       "ceil", "abs"} do
  for i = -40, 40, 3 do
    local ok, result = pcall(math[name], i / 16)
    local text = ok and string.format("%.13g", result) or "error"
    io.write(ok and result ~= result and "nan" or text, " ")
  end
  print(name)
end

for a = -7, 7, 2 do
  for b = -3, 3 do
    local _, quotient = pcall(function() return a // b end)
    local _, rest = pcall(function() return a % b end)
    io.write(tostring(a / b), " ", tostring(quotient), " ", tostring(rest), " ",
             tostring(math.fmod(a + 0.5, b + 0.25)), " ", tostring(a ^ b), "\n")
  end
end

for _, text in ipairs {"10", " 0x1p4 ", "1e", "0x", "1e308", "1e309", "1e-400", ".5", "5.",
                       "0x.8p1", "9223372036854775807", "9223372036854775808",
                       "-9223372036854775808",
                       "123456789012345678901234567890",
                       "0.1e1", "1 2", "inf", "nan", ""} do
  print(text, tonumber(text), math.type(tonumber(text) or 0))
end
print(tonumber("zz", 36), tonumber("777", 8), tonumber("8", 8), tonumber("-ff", 16))
print(math.maxinteger + 1 == math.mininteger, math.maxinteger * 2.0, 7 // 0.0, -7 // 0.0)
print(1 << 63, 1 << 64, -1 >> 1, ~0, 5 & 3, 5 | 3, 5 ~ 3, "10" + 5, "3" * "4", 10 .. 20)
print(math.ult(1, -1), math.tointeger("8"), math.abs(math.mininteger))
print(math.max(1, 2.5), math.min(3))
