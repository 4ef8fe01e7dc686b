/* vectors: the cron vectors of tests/vectors, one JSON object a line, for unit tests.
 *
 * Reads just enough JSON: flat objects of strings, arrays of numbers, keys in any order. The directory is the
 * environment's DRONC_VECTORS, else VECTORS_DIR, relative to where the test runs (the repository's root).
 */
#ifndef DRONC_VECTORS_H
#define DRONC_VECTORS_H

#include "cron/cron.h"
#include "zone/civil.h"
#include "zone/zone.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef VECTORS_DIR
#define VECTORS_DIR "tests/vectors"
#endif
#define VECTORS_LINE 8192
#define VECTORS_NEXT 16

/* One line of a file. */
struct vector {
    char line[VECTORS_LINE];
    char expression[VECTORS_LINE]; /* may hold NULs */
    size_t expression_len;
    char timezone[128];
    char from[64];
    char code[32];
    int64_t next[VECTORS_NEXT];
    size_t next_count;
};

static inline const char *vectors_dir(void)
{
    const char *const dir = getenv("DRONC_VECTORS");

    return dir && *dir ? dir : VECTORS_DIR;
}

static inline const char *vectors_path(char buf[512], const char *name)
{
    snprintf(buf, 512, "%s/%s", vectors_dir(), name);
    return buf;
}

static inline FILE *vectors_open(const char *name)
{
    char path[512];
    FILE *const file = fopen(vectors_path(path, name), "r");

    if (!file)
        fprintf(stderr, "cannot open %s (set DRONC_VECTORS)\n", path);
    return file;
}

/* The zones that the answers were computed with. */
static inline struct zones *vectors_zones(void)
{
    char path[512];

    return zones_new(vectors_path(path, "zoneinfo"));
}

/* Where the value of a key begins, or NULL. Strings inside the line cannot be mistaken for keys: their quotes
 * are escaped. */
static inline const char *vectors_value(const char *line, const char *key)
{
    char quoted[64];
    const char *at = NULL;

    snprintf(quoted, sizeof(quoted), "\"%s\":", key);
    at = strstr(line, quoted);
    return at ? at + strlen(quoted) : NULL;
}

static inline size_t vectors_put_utf8(char *out, unsigned point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xC0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3F));
        return 2;
    }
    out[0] = (char)(0xE0 | point >> 12);
    out[1] = (char)(0x80 | (point >> 6 & 0x3F));
    out[2] = (char)(0x80 | (point & 0x3F));
    return 3;
}

static inline size_t vectors_unescape(char *out, const char **in)
{
    static const char from[] = "nrtfb";
    static const char to[] = "\n\r\t\f\b";
    const char c = *(*in)++;
    const char *const found = c ? strchr(from, c) : NULL;

    if (c == 'u') {
        char hex[5] = {0};

        strncpy(hex, *in, 4);
        *in += strlen(hex);
        return vectors_put_utf8(out, (unsigned)strtoul(hex, NULL, 16));
    }
    *out = found ? to[found - from] : c;
    return 1;
}

/* Copy a string value; returns its length. */
static inline size_t vectors_string(const char *line, const char *key, char *out, size_t size)
{
    const char *in = vectors_value(line, key);
    size_t len = 0;

    out[0] = '\0';
    if (!in || *in++ != '"')
        return 0;
    while (*in && *in != '"' && len + 4 < size) {
        if (*in == '\\') {
            in++;
            len += vectors_unescape(out + len, &in);
        } else {
            out[len++] = *in++;
        }
    }
    out[len] = '\0';
    return len;
}

static inline size_t vectors_numbers(const char *line, const char *key, int64_t *out, size_t most)
{
    const char *in = vectors_value(line, key);
    size_t count = 0;

    if (!in || *in++ != '[')
        return 0;
    while (*in && *in != ']' && count < most) {
        char *end = NULL;

        out[count++] = strtoll(in, &end, 10);
        in = *end == ',' ? end + 1 : end;
    }
    return count;
}

/* Read the next line; answers are under next_key ("next", or "ours"). False at the end of the file. */
static inline bool vectors_read(FILE *file, struct vector *v, const char *next_key)
{
    if (!fgets(v->line, sizeof(v->line), file))
        return false;
    v->expression_len = vectors_string(v->line, "expression", v->expression, sizeof(v->expression));
    vectors_string(v->line, "timezone", v->timezone, sizeof(v->timezone));
    vectors_string(v->line, "from", v->from, sizeof(v->from));
    vectors_string(v->line, "code", v->code, sizeof(v->code));
    v->next_count = vectors_numbers(v->line, next_key, v->next, VECTORS_NEXT);
    return true;
}

/* Epoch seconds of "2026-03-08T06:00:00Z". */
static inline int64_t vectors_instant(const char *stamp)
{
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;

    if (sscanf(stamp, "%d-%u-%uT%u:%u:%uZ", &year, &month, &day, &hour, &minute, &second) != 6)
        abort();
    return civil_day_number(year, month, day) * CIVIL_DAY_S + hour * 3600 + minute * 60 + second;
}

/* Parse, and open the zone: the prefix's, else the one given. */
static inline enum cron_code vectors_compile(struct zones *zones, const char *text, size_t len,
                                             const char *zone_text, struct cron *c, const struct zone **zone,
                                             struct cron_error *error)
{
    char prefix[CRON_ZONE_MAX + 1];
    const enum cron_code code = cron_parse(c, prefix, text, len, error);
    const char *const name = *prefix ? prefix : zone_text;

    *zone = NULL;
    if (code != CRON_OK)
        return code;
    return zones_get(zones, name, strlen(name), zone) == ZONE_OK ? CRON_OK : CRON_TZ;
}

#endif
