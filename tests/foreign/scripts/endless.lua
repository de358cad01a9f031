-- SPDX-License-Identifier: MIT
local kept = {}
for i = 1, 1000 do kept[i] = {} end
while true do kept[1] = {} end
