/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_OBJECTFD_H
#define _MPDEMO_OBJECTFD_H

#include <linux/types.h>

struct file;
struct mpdemo_object;

struct file *mpdemo_objectfd_open(struct mpdemo_object *object, u32 access);

#endif /* _MPDEMO_OBJECTFD_H */
