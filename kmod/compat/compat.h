/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What kernels differ in. The rest of the module is written for the newest
 * kernel; what an older one lacks is supplied here, chosen by a test for the
 * feature. This header is included ahead of every unit.
 */
#ifndef _MPDEMO_COMPAT_H
#define _MPDEMO_COMPAT_H

#include <linux/kconfig.h>
#include <linux/slab.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "mempool_demo needs Linux 6.1 or newer"
#endif

/*
 * The pool's list head is one 64-bit word that must be changed from an NMI as
 * well. User-mode Linux has no NMIs, and says nothing about its cmpxchg.
 */
#ifndef CONFIG_64BIT
#error "mempool_demo needs a 64-bit kernel"
#endif
#if !defined(CONFIG_ARCH_HAVE_NMI_SAFE_CMPXCHG) && !defined(CONFIG_UML)
#error "mempool_demo needs an architecture with an NMI-safe cmpxchg"
#endif

/* Linux 7.0 */
#ifndef kzalloc_obj
#define kzalloc_obj(obj, gfp) kzalloc(sizeof(obj), gfp)
#define kvzalloc_obj(obj, gfp) kvzalloc(sizeof(obj), gfp)
#endif

/* Linux 6.5; before it, there is no other way than a reason not to merge. */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE 0
#endif

#endif /* _MPDEMO_COMPAT_H */
