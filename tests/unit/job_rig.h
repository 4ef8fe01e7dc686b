/* job_rig: one job, built and judged again and again, for tests of lib/job/job.h. */
#ifndef DRONC_JOB_RIG_H
#define DRONC_JOB_RIG_H

#include "job/job.h"

#include "job_maker.h"
#include "test.h"

#include <string.h>

#define T0     1772953200000 /* 2026-03-08T07:00:00Z */

#define GOOD   "0 7 * * *"
#define API    "http://example.com/"
#define ONCE   "ATMOST_ONCE"
#define LEAST  "ATLEAST_ONCE"
#define ABSENT NULL

static struct zones *zones;
static struct job job;         /* as it was built last */
static struct job_fault fault; /* or why it was not */

/* For ALL_TESTS. */
static inline void job_rig_start(void)
{
    zones = zones_new(JOB_MAKER_ZONES);
    assert_true(zones != NULL);
}

static inline void job_rig_stop(void)
{
    zones_free(zones);
}

static inline bool build(const char *schedule, const char *api, const char *type)
{
    struct job_fields fields = job_maker_fields(schedule, api, type);
    memset(&fault, 0x55, sizeof fault);
    return job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault);
}

static inline void assert_built(const char *schedule, const char *api)
{
    if (!build(schedule, api, "ATMOST_ONCE")) {
        fail_msg("%s %s: %s", schedule, api, fault.text);
    }
}

static inline struct job_id id_of(const char *schedule, const char *api, const char *type)
{
    if (!build(schedule, api, type)) {
        fail_msg("%s %s %s: %s", schedule, api, type, fault.text);
    }
    return job.id;
}

static inline struct slice field_of(const char *text)
{
    return text == ABSENT ? (struct slice){NULL, 0} : slice_of(text);
}

/* With a time zone of its own, and another by default; either may be ABSENT. */
static inline bool build_in(const char *schedule, const char *timezone, const char *otherwise)
{
    struct job_fields fields = job_maker_fields(schedule, API, ONCE);
    fields.timezone = field_of(timezone);
    fields.timezone_default = otherwise;
    memset(&fault, 0x55, sizeof fault);
    return job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault);
}

#endif
