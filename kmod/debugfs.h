/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_DEBUGFS_H
#define _MPDEMO_DEBUGFS_H

struct dentry;
struct mpdemo_object;

int mpdemo_debugfs_init(void);
void mpdemo_debugfs_exit(void);

/* debugfs_files.c */
void debugfs_add_files(struct dentry *folder, struct mpdemo_object *object);

#endif /* _MPDEMO_DEBUGFS_H */
