/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why a configuration is refused, for those who can say more than an errno.
 */
#ifndef _MEMPOOL_DEMO_REFUSAL_H
#define _MEMPOOL_DEMO_REFUSAL_H

#include <linux/types.h>

enum mpdemo_setting {
	MPDEMO_SETTING_NONE,
	MPDEMO_SETTING_NAME,
	MPDEMO_SETTING_KIND,
	MPDEMO_SETTING_BLOCK_SIZE,
	MPDEMO_SETTING_BLOCKS,
	MPDEMO_SETTING_ALIGN,
	MPDEMO_SETTING_BYTES,
	MPDEMO_SETTING_FLAGS,
	MPDEMO_SETTING_MAGAZINE,
	MPDEMO_SETTING_CHUNK,
	MPDEMO_SETTING_NODE,
	MPDEMO_SETTING_CTOR,
	MPDEMO_SETTING_MAX_BLOCKS,
	MPDEMO_SETTING_QUOTA,
	MPDEMO_SETTING_LOW,
	MPDEMO_SETTING_HIGH,

	MPDEMO_SETTINGS,	/* how many there are */
};

/**
 * struct mpdemo_refusal - what is wrong with a configuration
 * @setting: which member, or MPDEMO_SETTING_NONE: none by itself
 * @why: a constant text
 */
struct mpdemo_refusal {
	enum mpdemo_setting setting;
	const char *why;
};

/* Fill @refusal, unless it is NULL, and return @error. */
static inline int mpdemo_refuse(struct mpdemo_refusal *refusal, int error,
				enum mpdemo_setting setting, const char *why)
{
	if (refusal) {
		refusal->setting = setting;
		refusal->why = why;
	}
	return error;
}

#endif /* _MEMPOOL_DEMO_REFUSAL_H */
