// SPDX-License-Identifier: GPL-2.0
/*
 * What a user of libmpdemo-dev compiles, for "check". Where it runs there is no module, which the
 * library has to say.
 */
#include <errno.h>
#include <mpdemo.h>
#include <mpdemo_shared.h>
#include <mpdemo_tls.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	if (mpdemo_device_open(NULL) >= 0) {
		printf("a device where there is no module\n");
		return 1;
	}
	if (errno != ENOENT) {
		printf("without a device: %s\n", strerror(errno));
		return 1;
	}
	return 0;
}
