/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MEMPOOL_DEMO_BENCH_NETLINK_H
#define _MEMPOOL_DEMO_BENCH_NETLINK_H

int bench_netlink_init(void);
void bench_netlink_exit(void);

#endif /* _MEMPOOL_DEMO_BENCH_NETLINK_H */
