/* store_level: older and newer programs on one database.
 *
 * What is stored in a database has a level: the highest that a program needs to read all of it. It stands in
 * dronc:shards, above the number of shards. Each program knows the level that it can read (STORE_LEVEL); one
 * that finds a higher one in force leaves the jobs alone and reports it. A command that stores something of a
 * level carries that (cmd.level), and its sender first raises the database to it, if it is lower as far as is
 * known: so old programs may work beside new ones until the first job is stored that they would misread, and
 * after that no more.
 *
 * A program from before there were levels takes the raised number for another number of shards, and ends.
 *
 * A new feature needs: a row in the table in store_level.c, STORE_LEVEL one higher, and its condition in
 * store_level_of (a field of a job), or STORE_LEVEL_AT_START (anything that any program of this version
 * writes by running). Pure, as store.h.
 */
#ifndef DRONC_STORE_LEVEL_H
#define DRONC_STORE_LEVEL_H

#include "base/err.h"
#include "job/job_fields.h"

#define STORE_LEVEL          3 /* the highest that this program reads */
#define STORE_LEVEL_KEYS     2 /* of a database with API keys */
#define STORE_LEVEL_AT_START 0 /* to which each program raises a database that it works with */

/* The level of a job with this definition. */
int store_level_of(const struct job_fields *fields);

/* ERR_CONFIG if this program cannot read what is stored on that level; info says what to do. */
NODISCARD enum err store_level_check(int level, struct errinfo *info);

#endif
