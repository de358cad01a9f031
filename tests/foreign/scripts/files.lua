-- SPDX-License-Identifier: MIT
-- Other files as chunks: they are opened, read and closed by the C library's functions.
print(arg[0], arg[1], arg[2], #arg)
print(loadfile("no/such/file.lua"))
local numbers = assert(loadfile("numbers.lua"))
print(type(numbers), numbers == loadfile("numbers.lua"))
local lines = 0
local write, old = io.write, print
print = function() lines = lines + 1 end
io.write = function() end
dofile("numbers.lua")
print, io.write = old, write
print(lines, pcall(dofile, "no/such/file.lua"))
