/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_CHARDEV_H
#define _MPDEMO_CHARDEV_H

int mpdemo_chardev_init(void);
void mpdemo_chardev_exit(void);

#endif /* _MPDEMO_CHARDEV_H */
