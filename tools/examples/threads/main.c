// SPDX-License-Identifier: MIT
/*
 * threads: memory of each thread's own.
 *
 * Each thread takes lines of text apart: a line is copied to temporary memory, and each word of
 * it becomes a block. mpdemo_tls.h gives each thread 100 blocks of 64 bytes and 64 KiB of
 * temporary memory that is thrown away at once. No thread touches what another one does, so
 * there is neither a lock nor a system call in the loop, and twice as many threads do twice the
 * work, as long as there are CPUs for them. When a thread ends, its memory ends with it.
 *
 * Read the four functions about memory first, then count_words(), then work().
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mpdemo.h>

#include "../clock.h"
#include "../options.h"

#define MOST_THREADS	64

struct word {
	struct word *next;
	size_t length;
	char text[MPDEMO_TLS_SMALL_SIZE - sizeof(struct word *) - sizeof(size_t)];
};

struct worker {
	pthread_t thread;
	unsigned int number;
	unsigned long words;
	unsigned long letters;
	int error;
};

static unsigned long most_threads = 4, lines = 100000;
static bool from_malloc;

static const struct options options = {
	.program = "threads",
	.needs = "",
	.about = "Counts words, by one thread, by two, by four and so on, each with memory of its\n"
		 "own.\n",
	.end = "\nLEFT: pools and arenas that are still open when the threads have ended.\n"
	       "Exit status: 1 if there is no memory, or if one of those is left.\n",
	.rows = (const struct option_row[]){
		{ "threads", "N", "up to how many", .number = &most_threads, .least = 1,
		  .most = MOST_THREADS },
		{ "lines", "N", "for each thread", .number = &lines, .least = 1,
		  .most = 100000000 },
		{ "malloc", NULL, "memory of the C library in place of mempool_demo's",
		  .flag = &from_malloc },
		{ }
	},
};

static const char *const text[] = {
	"a block of a pool is as good as any other block of it",
	"what is freed at once needs no list of what there is to free",
	"who shares nothing waits for nobody",
	"one two three four five six seven eight nine ten eleven twelve thirteen",
};

#define TEXT_LINES	(sizeof(text) / sizeof(*text))

static void *small_alloc(void)
{
	return from_malloc ? malloc(MPDEMO_TLS_SMALL_SIZE) : mpdemo_tls_alloc_small();
}

static int small_free(void *block)
{
	if (!from_malloc)
		return mpdemo_tls_free_small(block);
	free(block);
	return 0;
}

static void *temp_alloc(size_t bytes)
{
	return from_malloc ? malloc(bytes) : mpdemo_tls_alloc_temp(bytes);
}

/* The C library wants to know what it is. For the other it is all that there is. */
static void temp_free(void *all)
{
	if (from_malloc)
		free(all);
	else
		mpdemo_tls_reset_temp();
}

/* Put @text, a word of ours, in front of the list. Returns false with errno: no block is left. */
static bool add_word(struct word **list, const char *text)
{
	struct word *word = small_alloc();

	if (!word)
		return false;
	word->length = strlen(text);
	memcpy(word->text, text, word->length + 1);
	word->next = *list;
	*list = word;
	return true;
}

static bool count_words(struct worker *worker, const char *line)
{
	struct word *list = NULL, *word;
	char *copy = temp_alloc(strlen(line) + 1), *rest = copy, *part;
	bool done = copy;

	if (copy)
		strcpy(copy, line);
	while (done && (part = strsep(&rest, " ")))
		done = add_word(&list, part);
	if (!done)
		worker->error = errno;
	while ((word = list)) {
		worker->words++;
		worker->letters += word->length;
		list = word->next;
		if (small_free(word))
			worker->error = EINVAL;
	}
	temp_free(copy);
	return !worker->error;
}

static void *work(void *data)
{
	struct worker *worker = data;

	for (unsigned long i = 0; i < lines; i++)
		if (!count_words(worker, text[(worker->number + i) % TEXT_LINES]))
			break;
	return NULL;
}

/* The device, pools and arenas are files. */
static unsigned int files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

static bool run(unsigned int count)
{
	struct worker workers[MOST_THREADS] = { 0 };
	unsigned long words = 0, letters = 0;
	uint64_t start = clock_ns(CLOCK_MONOTONIC), end;
	unsigned int before = files(), begun, left;
	int error = 0;

	for (begun = 0; begun < count; begun++) {
		workers[begun].number = begun;
		error = pthread_create(&workers[begun].thread, NULL, work, &workers[begun]);
		if (error)
			break;
	}
	for (unsigned int i = 0; i < begun; i++) {
		pthread_join(workers[i].thread, NULL);
		error = error ? error : workers[i].error;
		words += workers[i].words;
		letters += workers[i].letters;
	}
	end = clock_ns(CLOCK_MONOTONIC);
	if (error) {
		fprintf(stderr, "threads: %s\n", strerror(error));
		return false;
	}
	left = files() - before;
	printf("%7u %12lu %12lu %8u %16.1f\n", count, words, letters, left,
	       words * 1e3 / (end - start));
	return !left;
}

/* Else each thread would find out by itself. */
static bool have_memory(void)
{
	int device = from_malloc ? 0 : mpdemo_device_open(NULL);

	if (device < 0)
		fprintf(stderr, "open /dev/mempool_demo (--malloc does without it): %s\n",
			strerror(-device));
	else if (!from_malloc)
		close(device);
	return device >= 0;
}

int main(int argc, char **argv)
{
	options_parse(&options, argc, argv);
	if (!have_memory())
		return 1;
	printf("Memory of %s\n%7s %12s %12s %8s %16s\n", from_malloc ? "malloc" : "mempool_demo",
	       "THREADS", "WORDS", "LETTERS", "LEFT", "MILLION WORDS/S");
	for (unsigned int count = 1; count <= most_threads; count *= 2)
		if (!run(count))
			return 1;
	return 0;
}
