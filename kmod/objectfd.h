/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_OBJECTFD_H
#define _MPDEMO_OBJECTFD_H

#include <linux/types.h>

#include <uapi/linux/mempool_demo.h>

struct file;
struct mpdemo_object;

/* All the access that there is. */
#define MPDEMO_ACCESS_ALL	(MPDEMO_ACCESS_READ | MPDEMO_ACCESS_WRITE)

struct file *mpdemo_objectfd_open(struct mpdemo_object *object, u32 access);

#endif /* _MPDEMO_OBJECTFD_H */
