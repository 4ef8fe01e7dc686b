/* brief: see brief.h. A packed line is 'j' and the 32 bytes of an id, or 'e' and "<line> <status>\n". */
#include "api/brief.h"

#include "job/job.h"

#include <string.h>

#define JOB   'j'
#define ERROR 'e'

/* Take prefix off text. Returns false if it does not begin with it. */
static bool take(struct slice *text, const char *prefix)
{
    size_t len = strlen(prefix);
    if (text->len < len || memcmp(text->data, prefix, len) != 0) {
        return false;
    }
    *text = (struct slice){text->data + len, text->len - len};
    return true;
}

/* Take what stands before the first `end`, and that, off text. Returns false if there is none. */
static bool take_until(struct slice *text, char end, struct slice *out)
{
    const char *at = text->len > 0 ? memchr(text->data, end, text->len) : NULL;
    if (at == NULL) {
        return false;
    }
    *out = (struct slice){text->data, (size_t)(at - text->data)};
    *text = (struct slice){at + 1, text->len - out->len - 1};
    return true;
}

static bool pack_job(struct slice line, struct buffer *out)
{
    struct job_id id;
    struct slice text;
    if (!take(&line, "{\"job_id\":\"") || !take_until(&line, '"', &text) || !job_id_parse(&id, text)) {
        return false;
    }
    buffer_add_char(out, JOB);
    buffer_add(out, (const char *)id.bytes, sizeof id.bytes);
    return true;
}

static bool pack_error(struct slice line, struct buffer *out)
{
    struct slice number;
    struct slice status;
    int64_t values[2];
    if (!take(&line, "{\"line\":") || !take_until(&line, ',', &number) || !take(&line, "\"status\":") ||
        !take_until(&line, ',', &status) || !slice_i64(number, &values[0]) ||
        !slice_i64(status, &values[1])) {
        return false;
    }
    buffer_printf(out, "%c%lld %lld\n", ERROR, (long long)values[0], (long long)values[1]);
    return true;
}

bool brief_pack(struct slice answer, struct buffer *out)
{
    while (answer.len > 0) {
        struct slice line = answer;
        if (!take_until(&answer, '\n', &line)) {
            answer.len = 0; /* one job, without an end of the line */
        }
        if (!pack_job(line, out) && !pack_error(line, out)) {
            return false;
        }
    }
    return true;
}

static bool unpack_job(struct slice *packed, struct buffer *out)
{
    struct job_id id;
    char text[JOB_ID_TEXT_SIZE];
    if (packed->len < sizeof id.bytes) {
        return false;
    }
    memcpy(id.bytes, packed->data, sizeof id.bytes);
    *packed = (struct slice){packed->data + sizeof id.bytes, packed->len - sizeof id.bytes};
    job_id_format(text, &id);
    buffer_printf(out, "{\"job_id\":\"%s\"}\n", text);
    return true;
}

static bool unpack_error(struct slice *packed, struct buffer *out)
{
    struct slice number;
    struct slice status;
    int64_t values[2];
    if (!take_until(packed, ' ', &number) || !take_until(packed, '\n', &status) ||
        !slice_i64(number, &values[0]) || !slice_i64(status, &values[1])) {
        return false;
    }
    buffer_printf(out, "{\"line\":%lld,\"status\":%lld}\n", (long long)values[0], (long long)values[1]);
    return true;
}

bool brief_unpack(struct slice packed, struct buffer *out)
{
    bool good = true;
    while (good && packed.len > 0) {
        char kind = packed.data[0];
        packed = (struct slice){packed.data + 1, packed.len - 1};
        good = kind == JOB ? unpack_job(&packed, out) : kind == ERROR ? unpack_error(&packed, out) : false;
    }
    return good;
}
