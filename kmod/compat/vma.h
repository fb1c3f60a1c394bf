/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the flags of a mapping are changed. Linux 6.3 made them constant, and has a
 * function for it.
 */
#ifndef _MPDEMO_COMPAT_VMA_H
#define _MPDEMO_COMPAT_VMA_H

#include <linux/mm.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_mod(struct vm_area_struct *vma, unsigned long set,
				unsigned long clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#endif

#endif /* _MPDEMO_COMPAT_VMA_H */
