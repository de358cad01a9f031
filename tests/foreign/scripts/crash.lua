-- SPDX-License-Identifier: MIT
-- Allocates and frees until the service `greeter` is of version 2, then calls a function in C
-- that is not there: in its first attempts, as many as the argument says.
local kept, rounds = {}, 0
repeat
  rounds = rounds + 1
  for i = 1, 2000 do kept[i] = ("block"):rep((i + rounds) % 50) end
  assert(loadfile("numbers.lua"))
  clew.sleep(1)
until clew.greeter() >= 2
if clew.attempt() < tonumber(arg[1]) then clew.crash() end
print("attempt " .. clew.attempt() .. " of lua ended")
