// SPDX-License-Identifier: GPL-2.0
/*
 * The calls that the fuzzer makes. A call more is an entry of calls[], whose function
 * makes it, says with expect() what it must return, and changes the model.
 */
#include "model_state.h"

#include <sys/eventfd.h>
#include <sys/socket.h>

#define FOREIGN	4

static int foreign[FOREIGN];	/* open files of other kinds */

static void call_reopen(const struct op *op, struct file *f)
{
	struct mpdemo_reopen a = {
		.size = sizeof(a), .flags = op->a[0] < 4 ? op->a[0] + 2U : RW,
		.reserved = op->a[1] == 1, .out_fd = -1,
	};
	struct file *to = empty_slot();
	int expected = 0;
	bool lost;

	if (!to)
		return;
	if ((a.flags & ~RW) || !a.flags || a.reserved)
		expected = -EINVAL;
	else if (a.flags & ~f->access)
		expected = -EBADF;
	if (SUBMIT("REOPEN", op, f->fd, MPDEMO_IOC_REOPEN, a, out_fd, expected, true,
		   &lost) && !expected && !lost && !model_error)
		opened(to, f->object, a.out_fd, a.flags);
}

static void call_info(const struct op *op, struct file *f)
{
	struct mpdemo_info a = { .size = sizeof(a), .flags = op->a[0] == 1 };
	bool lost;

	SUBMIT("INFO", op, f->fd, MPDEMO_IOC_INFO, a, out_footprint,
	       a.flags ? -EINVAL : 0, true, &lost);
}

/* No such command, or not on this kind of file. */
static void call_other(const struct op *op, struct file *f)
{
	unsigned int nr = op->a[0];
	char *arg = op->a[1] & 1 ? page : NULL;

	/* What no kernel knows: neither on an object nor on the device. */
	if (nr >= 0x20 && nr < 0x40)
		expect("ioctl of neither", -ENOTTY,
		       call(f->fd, _IO(MPDEMO_IOC_TYPE, nr), arg));
	else if (nr < 0x20)
		expect("ioctl of the device", -ENOTTY,
		       call(f->fd, _IO(MPDEMO_IOC_TYPE, nr), arg));
	else
		expect("ioctl of objects", -ENOTTY,
		       call(device, _IO(MPDEMO_IOC_TYPE, nr), arg));
	expect("ioctl with a size", -ENOTTY,
	       call(f->fd, _IOW(MPDEMO_IOC_TYPE, nr, __u64), arg));
	expect("ioctl of a closed file", -EBADF,
	       call(999, MPDEMO_IOC_ALLOC, arg));
}

static void call_close(const struct op *op, struct file *f)
{
	int copy = op->a[0] & 1 ? dup(f->fd) : -1;

	expect("close", 0, close(f->fd));
	f->fd = copy;
	if (copy >= 0) {
		/* Still the same open file. */
		check_info(f);
		close(copy);
	}
	f->fd = -1;
	released(f);
}

/* Files that are none of ours know none of our commands, whatever they are given. */
static void call_foreign(const struct op *op, struct file *f)
{
	static const unsigned int nr[] = {
		0x00, 0x01, 0x02, 0x40, 0x41, 0x42, 0x43, 0x44,
		0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c,
	};
	struct mpdemo_bulk a = {
		.size = sizeof(a), .count = 1, .handles = PTR(page),
	};

	(void)f;
	expect("ioctl of a foreign file", -ENOTTY,
	       call(foreign[op->a[0] % FOREIGN],
		    _IO(MPDEMO_IOC_TYPE, nr[op->a[1] % 16]),
		    op->a[2] & 1 ? &a : NULL));
}

static const struct {
	void (*run)(const struct op *op, struct file *f);
	bool no_file;		/* goes without an open file */
	unsigned int weight;
} calls[] = {
	{ call_pool_create, true, 6 },
	{ call_arena_create, true, 2 },
	{ call_reopen, false, 4 },
	{ call_alloc, false, 12 },
	{ call_free, false, 12 },
	{ call_alloc_bulk, false, 8 },
	{ call_free_bulk, false, 5 },
	{ call_keep, false, 5 },
	{ call_take, false, 5 },
	{ call_arena_alloc, false, 8 },
	{ call_arena_reset, false, 1 },
	{ call_info, false, 1 },
	{ call_other, false, 1 },
	{ call_close, false, 2 },
	{ call_map, false, 4 },
	{ call_unmap, true, 2 },
	{ call_scribble, true, 4 },
	{ call_foreign, true, 1 },
	{ call_pool_create_more, true, 8 },
	{ call_alloc_wait, false, 8 },
	{ call_alloc_bulk_wait, false, 6 },
	{ call_arena_mark, false, 4 },
	{ call_arena_rollback, false, 4 },
	{ call_heap_create, true, 5 },
	{ call_heap_alloc, false, 14 },
	{ call_heap_stats, false, 3 },
	{ call_read, false, 5 },
	{ call_write, false, 5 },
	{ call_poll, false, 4 },
};

#define NR_CALLS	(sizeof(calls) / sizeof(*calls))

bool model_init(int dev)
{
	/* Two to write to, one to read, and a hole. */
	device = dev;
	foreign[0] = memfd_create("foreign", MFD_CLOEXEC);
	foreign[1] = eventfd(0, EFD_CLOEXEC);
	foreign[2] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	foreign[3] = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < FOREIGN; i++)
		if (foreign[i] < 0)
			return false;
	page = mmap(NULL, 6 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page != MAP_FAILED && !mprotect(page + 2 * PAGE, PAGE, PROT_READ) &&
	       !mprotect(page + 3 * PAGE, 3 * PAGE, PROT_NONE);
}

/* What an op's @call is taken modulo of. Grows with the table, whose order stays. */
unsigned int model_weights(void)
{
	unsigned int total = 0;

	for (unsigned int i = 0; i < NR_CALLS; i++)
		total += calls[i].weight;
	return total;
}

static void run_op(const struct op *op)
{
	unsigned int at = op->call % model_weights(), i;
	struct file *f = &file[op->slot % SLOTS];

	for (i = 0; at >= calls[i].weight; i++)
		at -= calls[i].weight;
	/* Where there is no such file, the next that there is. */
	for (int tries = 0; tries < SLOTS && !(f->object && f->fd >= 0); tries++)
		f = &file[(f - file + 1) % SLOTS];
	if (calls[i].no_file)
		calls[i].run(op, f);
	else if (f->object && f->fd >= 0)
		calls[i].run(op, f);
}

/**
 * Run a program from nothing to nothing. Return: whether all was as it must be; else
 * model_error says what was not.
 */
bool model_run(const struct program *p, bool trace)
{
	int fds = fd_count();

	tracing = trace;
	model_error = NULL;
	forget_handles();
	forget_marks();
	for (unsigned int i = 0; i < p->nr && !model_error; i++) {
		run_op(&p->op[i]);
		for (int j = 0; j < SLOTS && !model_error; j++)
			if (file[j].object && file[j].fd >= 0)
				check_info(&file[j]);
	}
	for (int i = 0; i < SLOTS; i++) {
		if (file[i].object && file[i].fd >= 0) {
			close(file[i].fd);
			file[i].fd = -1;
		}
		if (file[i].object && file[i].map)
			munmap(file[i].map, file[i].map_bytes);
	}
	memset(file, 0, sizeof(file));
	memset(object, 0, sizeof(object));
	if (fd_count() != fds)
		wrong("descriptors are left over");
	return !model_error;
}
