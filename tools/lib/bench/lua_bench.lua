-- SPDX-License-Identifier: LGPL-2.1 OR MIT
--
-- What lua_bench runs: tables, strings, closures and coroutines, many of each, some of them kept.
-- Returns a hash of what came of it. Nothing here may depend on the order of pairs(), which
-- changes from run to run.

local hash, seed = 0xcbf29ce484222325, 1

local function add(text)
	for i = 1, #text do
		hash = (hash ~ text:byte(i)) * 1099511628211
	end
end

local function random(n)
	seed = (seed * 1664525 + 1013904223) & 0xffffffff
	return (seed >> 8) % n
end

-- Objects of different sizes, of which half die at once.
local bullets = {}
for i = 1, 20000 do
	local bullet = { id = i, x = random(1000), y = random(1000), name = "bullet " .. i }
	if random(2) == 0 then
		bullet.trail = { bullet.x, bullet.y, i }
		bullets[#bullets + 1] = bullet
	end
end
table.sort(bullets, function(a, b)
	return a.x < b.x or a.x == b.x and a.id < b.id
end)
for i = 1, #bullets, 10 do
	add(bullets[i].name)
end

-- Strings that grow, and one large one of many small ones.
local words, line = {}, ""
for i = 1, 3000 do
	line = #line < 500 and line .. string.format("%d,", random(100000)) or ""
	words[i] = line:gsub("1", "one"):reverse()
end
add(table.concat(words, "\n"):sub(-20000))

-- Each closure has a variable of its own.
local counters = {}
for i = 1, 5000 do
	local count = i
	counters[i] = function(n)
		count = count + n
		return count
	end
end
for i = 1, #counters do
	counters[i](random(10))
	add(tostring(counters[i](1)))
end

-- A stack for each.
for i = 1, 500 do
	local steps = coroutine.wrap(function()
		for step = 1, 5 do
			coroutine.yield(step * i)
		end
	end)
	for _ = 1, 5 do
		add(tostring(steps()))
	end
end

return string.format("%016x", hash)
