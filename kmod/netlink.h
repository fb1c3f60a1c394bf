/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MPDEMO_NETLINK_H
#define _MPDEMO_NETLINK_H

int mpdemo_netlink_init(void);
void mpdemo_netlink_exit(void);

#endif /* _MPDEMO_NETLINK_H */
