// SPDX-License-Identifier: GPL-2.0
/*
 * Proves that the loading of the module survives that any one allocation of it fails: it
 * is refused with an errno that says so, and nothing is left, or it is done all the same.
 */
#include "mpdemo_test.h"
#include "nl_test.h"
#include "fault.h"

#include <limits.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

/* The module that modprobe would take. */
static int open_module(void)
{
	static const char * const folders[] = { "extra", "updates" };
	struct utsname name;
	char path[512];
	int fd = -1;

	uname(&name);
	for (size_t i = 0; i < ARRAY_SIZE(folders) && fd < 0; i++) {
		snprintf(path, sizeof(path), "/lib/modules/%s/%s/mempool_demo.ko",
			 name.release, folders[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fd;
}

static int unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static bool answers(void)
{
	struct nlt nl;
	bool answered = !nlt_open(&nl) && !nlt_dump(&nl);

	nlt_close(&nl);
	return answered;
}

static bool is_gone(void)
{
	return access("/sys/module/mempool_demo", F_OK) &&
	       access("/sys/kernel/debug/mempool_demo", F_OK) &&
	       access(DEVICE, F_OK) && !answers();
}

static bool works(void)
{
	int dev = dev_open(), pool = pool_create(dev, 24, 10);
	__u64 handle;
	int err = pool_alloc(pool, &handle);

	if (pool >= 0)
		close(pool);
	if (dev >= 0)
		close(dev);
	return dev >= 0 && pool >= 0 && !err;
}

/*
 * Only what the module itself does when it is loaded shall fail: the kernel's own
 * part warns where memory is short. Modules lie close to each other.
 */
static int only_from_modules(void)
{
	unsigned long begin;
	char text[32];

	if (fault_read("/sys/module/mempool_demo/sections/.text", text,
		       sizeof(text)))
		return -ENOENT;
	begin = strtoul(text, NULL, 16) & ~0xfffffffUL;
	return fault_only_from(begin, begin + 0x10000000);
}

FIXTURE(load) {
	struct fault f;
	int fd;
};

FIXTURE_SETUP(load)
{
	if (fault_open(&self->f) == -ENOENT)
		return;
	ASSERT_LE(0, self->f.fd);
	self->fd = open_module();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, only_from_modules());
	unload("mempool_demo_bench");
	ASSERT_TRUE(POLL_UNTIL(!unload("mempool_demo")));
}

FIXTURE_TEARDOWN(load)
{
	if (self->f.fd < 0)
		return;
	if (!works())
		EXPECT_EQ(0, syscall(SYS_finit_module, self->fd, "", 0));
	EXPECT_TRUE(POLL_UNTIL(works()));
	close(self->fd);
	EXPECT_EQ(0, fault_only_from(0, ULONG_MAX));
	fault_close(&self->f);
}

TEST_F_TIMEOUT(load, each_failure_in_turn, 400)
{
	unsigned int told = 0, survived = 0;
	bool failed;

	SKIP_WITHOUT_FAULTS(self->f);
	for (unsigned int n = 1; n < FAULT_MAX; n++) {
		int err;

		fault_begin(&self->f, n);
		err = syscall(SYS_finit_module, self->fd, "", 0) ? -errno : 0;
		failed = fault_end(&self->f);
		if (!failed) {
			CHECK(0, err, "nothing failed at %u", n);
			break;
		}
		if (err) {
			told++;
			CHECK(true, err == -ENOMEM || err == -EFAULT,
			      "errno %d at %u", -err, n);
			CHECK(true, is_gone(), "errno %d at %u", -err, n);
		} else {
			survived++;
			CHECK(true, works(), "survived at %u", n);
			ASSERT_TRUE(POLL_UNTIL(!unload("mempool_demo")));
		}
	}
	EXPECT_FALSE(failed);
	TH_LOG("%u failures told, %u survived", told, survived);
	EXPECT_LE(10U, told);
}

TEST_HARNESS_MAIN
