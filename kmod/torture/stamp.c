// SPDX-License-Identifier: GPL-2.0
/*
 * Stamps: a word that tells who has allocated something, written all over it. No
 * two are alike, so whoever finds his own again was alone with his memory.
 *
 * Memory is read and written as any other, for KCSAN to look at: if two have it
 * at the same time, that is a data race, and so it is where the allocator does
 * not order the last access of one owner before the first one of the next.
 */

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "rig.h"

#define STAMP_MARK	GENMASK_ULL(63, 60)
#define STAMP_CONTEXT	GENMASK_ULL(59, 56)
#define STAMP_NUMBER	GENMASK_ULL(55, 44)
#define STAMP_CPU	GENMASK_ULL(43, 32)
#define STAMP_SEQUENCE	GENMASK_ULL(31, 0)

/* Neither zeros nor the first digit of a kernel address. */
#define MARK		0xa

static const char * const context_names[RIG_NR_CONTEXTS] = {
	[RIG_TASK] = "task",
	[RIG_PREEMPT_OFF] = "preempt-off",
	[RIG_RAW_LOCK] = "raw-lock",
	[RIG_SOFTIRQ] = "softirq",
	[RIG_HARDIRQ] = "hardirq",
	[RIG_NMI] = "nmi",
};

const char *rig_context_name(enum rig_context context)
{
	return context_names[context];
}

/**
 * rig_stamp() - a stamp that was never used before in this run
 * @actor: for whom
 *
 * Context: That of the actor.
 * Return: a word, not 0.
 */
u64 rig_stamp(struct rig_actor *actor)
{
	return FIELD_PREP(STAMP_MARK, MARK) |
	       FIELD_PREP(STAMP_CONTEXT, actor->context) |
	       FIELD_PREP(STAMP_NUMBER, actor->number & 0xfff) |
	       FIELD_PREP(STAMP_CPU, raw_smp_processor_id() & 0xfff) |
	       ++actor->sequence;
}

/* Whether it was made in another context, or on another CPU. */
bool rig_stamp_is_foreign(u64 stamp, const struct rig_actor *actor)
{
	return FIELD_GET(STAMP_CONTEXT, stamp) != actor->context ||
	       FIELD_GET(STAMP_CPU, stamp) != (raw_smp_processor_id() & 0xfff);
}

int rig_stamp_print(char *buffer, size_t size, u64 stamp)
{
	u64 context = FIELD_GET(STAMP_CONTEXT, stamp);

	if (FIELD_GET(STAMP_MARK, stamp) != MARK || context >= RIG_NR_CONTEXTS)
		return scnprintf(buffer, size, "nobody (%#llx)", stamp);
	return scnprintf(buffer, size, "%s/%llu on CPU %llu (no. %llu)",
			 context_names[context],
			 FIELD_GET(STAMP_NUMBER, stamp),
			 FIELD_GET(STAMP_CPU, stamp),
			 FIELD_GET(STAMP_SEQUENCE, stamp));
}

/* At any address, and of any size: what is left over gets a part of the stamp. */
void rig_fill(void *memory, size_t size, u64 stamp)
{
	size_t i;

	for (i = 0; i + sizeof(stamp) <= size; i += sizeof(stamp))
		memcpy(memory + i, &stamp, sizeof(stamp));
	memcpy(memory + i, &stamp, size - i);
}

/* Return: false, with the first word that differs, if it is not all there. */
bool rig_verify(const void *memory, size_t size, u64 stamp, u64 *found)
{
	size_t i;

	for (i = 0; i < size; i += sizeof(stamp)) {
		*found = stamp;
		memcpy(found, memory + i, min(sizeof(stamp), size - i));
		if (unlikely(*found != stamp))
			return false;
	}
	return true;
}
