/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a string gets into an event: since Linux 6.10 the event knows from its layout
 * which one it is. Before, it was to be said again: here it is an argument that has the
 * name of its field.
 */
#ifndef _MPDEMO_COMPAT_TRACE_H
#define _MPDEMO_COMPAT_TRACE_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define mpdemo_assign_str(field) __assign_str(field, field)
#else
#define mpdemo_assign_str(field) __assign_str(field)
#endif

#endif /* _MPDEMO_COMPAT_TRACE_H */
