// SPDX-License-Identifier: GPL-2.0
/* Arguments of commands and options: read, or reported as a usage error. */
#include <grp.h>
#include <inttypes.h>
#include <linux/mempool_demo.h>
#include <pwd.h>
#include <string.h>

#include "arguments.h"
#include "error.h"
#include "handle.h"
#include "units.h"

bool argument_name(const char *name)
{
	size_t length = strlen(name);

	if (length < MPDEMO_NAME_SIZE)
		return true;
	usage_error("the name '%.32s...' has %zu bytes; the limit is %d", name,
		    length, MPDEMO_NAME_SIZE - 1);
	return false;
}

static bool check(const char *option, const char *text, const char *problem)
{
	if (problem)
		usage_error("%s: '%s' %s", option, text, problem);
	return !problem;
}

bool argument_size(const char *option, const char *text, uint64_t most,
		   uint64_t *value)
{
	const char *problem;
	uint64_t size;

	if (!text)
		return true;
	problem = units_parse_size(text, &size);
	if (!problem && size > most)
		problem = "is too large";
	if (!check(option, text, problem))
		return false;
	*value = size;
	return true;
}

bool argument_number(const char *option, const char *text, uint64_t most,
		     uint64_t *value)
{
	const char *problem = text ? units_parse_number(text, most, value) : NULL;

	if (problem == units_too_large && most < UINT64_MAX) {
		usage_error("%s: '%s' is too large; the limit is %" PRIu64, option, text,
			    most);
		return false;
	}
	return check(option, text, problem);
}

bool argument_user(const char *option, const char *text, uint64_t *uid)
{
	const struct passwd *user = text ? getpwnam(text) : NULL;

	if (user)
		*uid = user->pw_uid;
	if (!text || user || !units_parse_number(text, UINT32_MAX, uid))
		return true;
	return check(option, text, "is neither a user nor the number of one");
}

bool argument_group(const char *option, const char *text, uint64_t *gid)
{
	const struct group *group = text ? getgrnam(text) : NULL;

	if (group)
		*gid = group->gr_gid;
	if (!text || group || !units_parse_number(text, UINT32_MAX, gid))
		return true;
	return check(option, text, "is neither a group nor the number of one");
}

bool argument_mode(const char *option, const char *text, uint32_t *mode)
{
	return !text || check(option, text, units_parse_mode(text, mode));
}

bool argument_handle(const char *text, uint64_t *handle)
{
	const char *problem = handle_parse(text, handle);

	if (problem)
		usage_error("'%s' %s", text, problem);
	return !problem;
}
