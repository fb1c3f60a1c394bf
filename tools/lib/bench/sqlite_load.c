// SPDX-License-Identifier: LGPL-2.1 OR MIT
/*
 * SQLite as it is, with a database in memory: on a heap of libmpdemo, or on the C library.
 *
 *	sqlite_load KIB			on a heap of so many KiB
 *	sqlite_load --malloc		on the C library
 *
 * Prints "SQLite, KIB or malloc, result, cost", separated by tabs. The result is a hash of
 * all that the queries gave, the cost that of the cheapest round, from opening the database to
 * having closed it, in nanoseconds, or instructions where the clock counts these.
 */
#include <stdint.h>
#include <sqlite3.h>

#include "../adapters/mpdemo_sqlite.h"
#include "guest.h"

#define ROWS	5000

static const char schema[] =
	"CREATE TABLE bullet (id INTEGER PRIMARY KEY, owner TEXT, x INTEGER, note TEXT);"
	"CREATE INDEX by_owner ON bullet (owner, x);";

/* Whatever has no order by itself is given one. */
static const char queries[] =
	"SELECT owner, count(*), sum(x), max(length(note)) FROM bullet GROUP BY owner ORDER BY owner;"
	"UPDATE bullet SET note = note || owner WHERE x % 3 = 0;"
	"DELETE FROM bullet WHERE x % 7 = 1;"
	"SELECT id, note FROM bullet ORDER BY x, id;"
	"SELECT a.id, b.id FROM bullet a JOIN bullet b ON a.owner = b.owner AND a.x = b.x + 1\n"
	"ORDER BY a.id, b.id LIMIT 1000;"
	"PRAGMA integrity_check;";

static int add_row(void *data, int columns, char **values, char **names)
{
	uint64_t *hash = data;

	(void)names;
	for (int i = 0; i < columns; i++) {
		/* With its end, so that it matters where a value ends. */
		for (const char *c = values[i] ? values[i] : "NULL";; c++) {
			*hash = (*hash ^ (unsigned char)*c) * 0x100000001b3ULL;
			if (!*c)
				break;
		}
	}
	return 0;
}

static int insert_rows(sqlite3 *db)
{
	uint32_t random = 1;
	sqlite3_stmt *insert;
	char note[301];
	char owner[16];
	int ret;

	ret = sqlite3_prepare_v2(db, "INSERT INTO bullet (owner, x, note) VALUES (?, ?, ?)", -1,
				 &insert, NULL);
	for (int i = 0; i < ROWS && ret == SQLITE_OK; i++) {
		random = random * 1664525 + 1013904223;
		snprintf(owner, sizeof(owner), "player %u", random >> 16 & 63);
		memset(note, 'a' + i % 26, sizeof(note));
		sqlite3_bind_text(insert, 1, owner, -1, SQLITE_TRANSIENT);
		sqlite3_bind_int(insert, 2, random >> 22);
		sqlite3_bind_text(insert, 3, note, random >> 8 & 255, SQLITE_TRANSIENT);
		sqlite3_step(insert);
		/* Says what a step has met with. */
		ret = sqlite3_reset(insert);
	}
	sqlite3_finalize(insert);
	return ret;
}

static int use(sqlite3 *db, uint64_t *hash)
{
	int ret = sqlite3_exec(db, schema, NULL, NULL, NULL);

	if (ret == SQLITE_OK)
		ret = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
	if (ret == SQLITE_OK)
		ret = insert_rows(db);
	if (ret == SQLITE_OK)
		ret = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	if (ret == SQLITE_OK)
		ret = sqlite3_exec(db, queries, add_row, hash, NULL);
	return ret;
}

static int measure(struct guest *guest)
{
	unsigned long long begin = guest_now();
	uint64_t hash = 0xcbf29ce484222325ULL;
	sqlite3 *db;
	char result[17];
	int ret, closed;

	ret = sqlite3_open(":memory:", &db);
	if (ret == SQLITE_OK)
		ret = use(db, &hash);
	closed = sqlite3_close(db);
	if (ret == SQLITE_OK)
		ret = closed;
	if (ret == SQLITE_NOMEM)
		return guest_no_memory(guest);
	if (ret != SQLITE_OK)
		return guest_wrong(guest, sqlite3_errstr(ret));
	begin = guest_now() - begin;
	snprintf(result, sizeof(result), "%016llx", (unsigned long long)hash);
	return guest_round(guest, begin, result);
}

static int run(struct guest *guest)
{
	int ret = SQLITE_OK;

	if (guest->heap)
		ret = mpdemo_sqlite_use(guest->heap);
	if (ret == SQLITE_OK)
		ret = sqlite3_initialize();
	if (ret == SQLITE_NOMEM)
		return guest_no_memory(guest);
	if (ret != SQLITE_OK)
		return guest_wrong(guest, sqlite3_errstr(ret));
	for (int i = 0; i < GUEST_ROUNDS && !ret; i++)
		ret = measure(guest);
	/* After a failure too, SQLite has to have given all of it back. */
	if (sqlite3_memory_used())
		ret = guest_wrong(guest, "memory is still in use");
	sqlite3_shutdown();
	return ret;
}

int main(int argc, char **argv)
{
	struct guest guest = { .name = "sqlite_load" };
	int ret;

	if (argc != 2)
		return guest_wrong(&guest, "usage: sqlite_load KIB|--malloc");
	guest.memory = argv[1];
	ret = guest_begin(&guest);
	if (!ret)
		ret = run(&guest);
	if (!ret)
		guest_print(&guest, "SQLite");
	mpdemo_heap_close(guest.heap);
	return ret;
}
