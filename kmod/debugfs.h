/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_DEBUGFS_H
#define _MPDEMO_DEBUGFS_H

int mpdemo_debugfs_init(void);
void mpdemo_debugfs_exit(void);

#endif /* _MPDEMO_DEBUGFS_H */
