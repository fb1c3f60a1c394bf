// SPDX-License-Identifier: GPL-2.0
/*
 * Objects in the memory of user programs. Documentation/user-memory.rst says what they
 * see whatever they do with a mapping.
 *
 * What is mapped is the data and nothing else: no list, counter or address that the
 * kernel goes by lies in it. All pages were zeroed when they were made.
 *
 * A mapping has a reference to its open file, hence the object stays as long as
 * it is mapped, and the open file keeps what it holds. Pages are mapped when they are
 * touched first: so a mapping of any size costs nothing, and shows what a pool has grown
 * by since. Mappings are counted, as those of a pool that grows keep its memory.
 *
 * A page that something else refers to when the object is freed, such as a pipe or a
 * device that reads from it, is not free before that lets it go.
 *
 * Lock order: mmap_lock comes before all locks of the module but object.lock and
 * object.arena_lock, under which user memory is not touched; they are not taken here.
 */

#include <linux/fs.h>
#include <linux/mm.h>

#include "arena.h"
#include "chunk.h"
#include "commands.h"
#include "compat/vma.h"
#include "heap.h"
#include "object.h"
#include "pool.h"
#include "region.h"

static struct mpdemo_object *object_of(const struct vm_area_struct *vma)
{
	const struct objectfd *ofd = vma->vm_file->private_data;

	return ofd->object;
}

/* Of one that is no pool. */
static const struct mpdemo_region *region_of(const struct mpdemo_object *object)
{
	return object->heap ? object->heap->region :
			      to_arena(object->arena)->first->region;
}

static struct page *page_of(const struct mpdemo_object *object, unsigned long nr)
{
	const struct mpdemo_region *region;

	if (object->pool)
		return mpdemo_pool_page(object->pool, nr);
	region = region_of(object);
	return nr < region->nr_pages ? region->pages[nr] : NULL;
}

/* Context: Any. Return: bytes of a mapping of all of the object, whole pages. */
size_t objectfd_map_bytes(const struct mpdemo_object *object)
{
	if (object->pool)
		return mpdemo_pool_map_bytes(object->pool);
	return region_of(object)->bytes;
}

static vm_fault_t map_fault(struct vm_fault *vmf)
{
	/* Whatever became of the mapping since it was made. */
	struct page *page = page_of(object_of(vmf->vma), vmf->pgoff);

	if (!page)
		return VM_FAULT_SIGBUS;
	get_page(page);
	vmf->page = page;
	return 0;
}

/* One was split, moved or, if its program insists, copied to a child. */
static void map_open(struct vm_area_struct *vma)
{
	const struct mpdemo_object *object = object_of(vma);

	if (object->pool)
		mpdemo_pool_map_again(object->pool);
}

static void map_close(struct vm_area_struct *vma)
{
	const struct mpdemo_object *object = object_of(vma);

	if (object->pool)
		mpdemo_pool_unmap(object->pool);
}

static const struct vm_operations_struct map_ops = {
	.open = map_open,
	.close = map_close,
	.fault = map_fault,
};

/**
 * objectfd_mmap() - map an object
 * @file: its open file
 * @vma: what is to become the mapping
 *
 * Context: Task context, under mmap_lock.
 * Return: 0; -EINVAL: private, executable, or beyond the end of the object; -EINTR:
 * the task is being killed.
 */
int objectfd_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct objectfd *ofd = file->private_data;
	unsigned long nr = objectfd_map_bytes(ofd->object) >> PAGE_SHIFT;
	int ret;

	/* One of a file that is not open for writing is shared, but not VM_SHARED. */
	if (!(vma->vm_flags & VM_MAYSHARE) || (vma->vm_flags & VM_EXEC))
		return -EINVAL;
	if (vma->vm_pgoff > nr || vma_pages(vma) > nr - vma->vm_pgoff)
		return -EINVAL;
	if (ofd->object->pool) {
		ret = mpdemo_pool_map(ofd->object->pool);
		if (ret)
			return ret;
	}
	/* Never to be executed, nor in a core; a child has to open it anew. */
	vm_flags_mod(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP, VM_MAYEXEC);
	vma->vm_ops = &map_ops;
	return 0;
}
