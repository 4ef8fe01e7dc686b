/* job_fields: see job_fields.h. The table, and ways to go by it. */
#include "job_fields.h"

#define TEXT(member)                                                 \
    {                                                                \
#member, JOB_FIELD_TEXT, offsetof(struct job_fields, member) \
    }
#define NUMBER(member)                                                 \
    {                                                                  \
#member, JOB_FIELD_NUMBER, offsetof(struct job_fields, member) \
    }

static const struct job_field table[] = {
    TEXT(schedule),       TEXT(api), TEXT(type), TEXT(timezone), TEXT(catch_up), NUMBER(catch_up_window_s),
    NUMBER(catch_up_max),
};
_Static_assert(sizeof table / sizeof table[0] == JOB_FIELD_COUNT, "JOB_FIELD_COUNT is how many there are");

const struct job_field *job_field_at(size_t index)
{
    return &table[index];
}

const struct job_field *job_field_find(struct slice name)
{
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        if (slice_eq(name, table[i].name)) {
            return &table[i];
        }
    }
    return NULL;
}

struct slice *job_field_text(struct job_fields *fields, const struct job_field *field)
{
    return (struct slice *)(void *)((char *)fields + field->offset);
}

struct job_number *job_field_number(struct job_fields *fields, const struct job_field *field)
{
    return (struct job_number *)(void *)((char *)fields + field->offset);
}
