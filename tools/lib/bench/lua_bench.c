// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * Lua as it is: on a heap of libmpdemo, or on the C library.
 *
 *	lua_bench KIB SCRIPT		on a heap of so many KiB
 *	lua_bench --malloc SCRIPT	on the C library
 *
 * Prints "Lua, KIB or malloc, result, cost", separated by tabs. The result is what the
 * script returns, the cost that of the cheapest round, from the state's beginning to its end, in
 * nanoseconds, or instructions where the clock counts these.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "guest.h"

struct script {
	const char *path;
	int status;
};

/* Protected, as each call here may find no memory. */
static int run(lua_State *lua)
{
	struct script *script = lua_touserdata(lua, 1);

	luaL_openlibs(lua);
	script->status = luaL_loadfile(lua, script->path);
	if (script->status != LUA_OK)
		return lua_error(lua);
	lua_call(lua, 0, 1);
	luaL_checkstring(lua, -1);
	return 1;
}

static int measure(struct guest *guest, const char *path)
{
	unsigned long long begin = guest_now();
	struct script script = { .path = path };
	char result[sizeof(guest->result)];
	const char *text;
	lua_State *lua;
	int status;

	lua = guest->heap ? lua_newstate(mpdemo_heap_hook, guest->heap) : luaL_newstate();
	if (!lua)
		return guest_no_memory(guest);
	lua_pushcfunction(lua, run);
	lua_pushlightuserdata(lua, &script);
	status = lua_pcall(lua, 1, 1, 0);
	/* An error that was passed on is one of running. */
	if (script.status != LUA_OK)
		status = script.status;
	/* A number would be converted, which takes memory. */
	text = lua_type(lua, -1) == LUA_TSTRING ? lua_tostring(lua, -1) : "no text";
	snprintf(result, sizeof(result), "%s", text);
	lua_close(lua);
	if (status == LUA_ERRMEM)
		return guest_no_memory(guest);
	if (status != LUA_OK)
		return guest_wrong(guest, result);
	return guest_round(guest, guest_now() - begin, result);
}

int main(int argc, char **argv)
{
	struct guest guest = { .name = "lua_bench" };
	int ret;

	if (argc != 3)
		return guest_wrong(&guest, "usage: lua_bench KIB|--malloc SCRIPT");
	guest.memory = argv[1];
	ret = guest_begin(&guest);
	for (int i = 0; i < GUEST_ROUNDS && !ret; i++)
		ret = measure(&guest, argv[2]);
	if (!ret)
		guest_print(&guest, "Lua");
	mpdemo_heap_close(guest.heap);
	return ret;
}
