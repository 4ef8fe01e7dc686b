/* zone_tzif: makes a zone from the bytes of a TZif file (RFC 9636). Treats every byte as hostile: checks
 * counts against the length before it reads anything, indices and offsets against their bounds, and the
 * order of changes.
 *
 * Skips abbreviations, is-DST flags and the standard/wall and UT/local indicators: only offsets count. Does
 * not open files (zone_file.c).
 */
#include "zone/civil.h"
#include "zone/zone_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_LEN 44
#define TYPE_LEN   6
#define FAR_S      ((int64_t)1 << 59) /* changes further from the epoch move to this, so that sums fit */

/* One header with its block: where each part begins. */
struct block {
    const unsigned char *times; /* time_len bytes each */
    const unsigned char *indices;
    const unsigned char *types;
    size_t time_count, type_count;
    size_t time_len; /* 4 or 8 */
    size_t total;    /* bytes of header and block */
    unsigned char version;
};

static uint32_t read_u32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int32_t read_i32(const unsigned char *p)
{
    const uint32_t raw = read_u32(p);

    return raw < 0x80000000U ? (int32_t)raw : (int32_t)((int64_t)raw - 0x100000000);
}

static int64_t read_i64(const unsigned char *p)
{
    return (int64_t)read_i32(p) * 0x100000000 + read_u32(p + 4);
}

/* Read a header and check that its block fits into len bytes. In the order of the file: counts of UT
 * indicators, standard indicators, leap seconds, changes, types, abbreviation bytes. */
static bool read_block(struct block *out, const unsigned char *bytes, size_t len, size_t time_len)
{
    uint64_t count[6];
    uint64_t total = 0;

    if (len < HEADER_LEN || memcmp(bytes, "TZif", 4) != 0) {
        return false;
    }
    for (size_t i = 0; i < 6; i++) {
        count[i] = read_u32(bytes + 20 + 4 * i);
    }
    total = HEADER_LEN + count[3] * (time_len + 1) + count[4] * TYPE_LEN + count[5] +
            count[2] * (time_len + 4) + count[1] + count[0];
    if (total > len || count[2] != 0 || count[3] > ZONE_CHANGES_MAX || count[4] > 256) {
        return false;
    }
    out->version = bytes[4];
    out->time_len = time_len;
    out->time_count = (size_t)count[3];
    out->type_count = (size_t)count[4];
    out->times = bytes + HEADER_LEN;
    out->indices = out->times + out->time_count * time_len;
    out->types = out->indices + out->time_count;
    out->total = (size_t)total;
    return true;
}

bool zone_builder_add(struct zone_builder *b, int64_t start_s, int32_t offset_s)
{
    if (b->count == b->room) {
        const size_t room = b->room ? b->room * 2 : 256;
        struct zone_segment *const grown = realloc(b->segments, room * sizeof *grown);

        if (grown == NULL) {
            return false;
        }
        b->segments = grown;
        b->room = room;
    }
    b->segments[b->count++] = (struct zone_segment){.start_s = start_s, .offset_s = offset_s};
    return true;
}

static bool type_offset(const struct block *block, size_t index, int32_t *offset_s)
{
    if (index >= block->type_count) {
        return false;
    }
    *offset_s = read_i32(block->types + index * TYPE_LEN);
    return *offset_s >= -ZONE_OFFSET_MAX && *offset_s <= ZONE_OFFSET_MAX;
}

static int64_t clamp(int64_t instant_s)
{
    if (instant_s > FAR_S) {
        return FAR_S;
    }
    return instant_s < -FAR_S ? -FAR_S : instant_s;
}

static enum zone_err add_table(struct zone_builder *b, const struct block *block)
{
    int32_t offset_s = 0;
    int64_t before_s = INT64_MIN;

    if (!type_offset(block, 0, &offset_s)) {
        return ZONE_FORMAT;
    }
    if (!zone_builder_add(b, INT64_MIN, offset_s)) {
        return ZONE_NOMEM;
    }
    for (size_t i = 0; i < block->time_count; i++) {
        const unsigned char *const at = block->times + i * block->time_len;
        const int64_t start_s = block->time_len == 8 ? read_i64(at) : read_i32(at);

        if (start_s <= before_s || !type_offset(block, block->indices[i], &offset_s)) {
            return ZONE_FORMAT;
        }
        if (!zone_builder_add(b, clamp(start_s), offset_s)) {
            return ZONE_NOMEM;
        }
        before_s = start_s;
    }
    return ZONE_OK;
}

/* Read the footer: a TZ string between two newlines, perhaps empty. */
static enum zone_err add_footer(struct zone_builder *b, const unsigned char *bytes, size_t len)
{
    const unsigned char *const end = len > 1 ? memchr(bytes + 1, '\n', len - 1) : NULL;
    struct zone_posix posix;

    if (end == NULL || bytes[0] != '\n') {
        return ZONE_FORMAT;
    }
    if (end == bytes + 1) {
        return ZONE_OK;
    }
    if (!zone_posix_parse(&posix, (const char *)bytes + 1, (size_t)(end - bytes - 1))) {
        return ZONE_FORMAT;
    }
    return zone_posix_expand(&posix, b) ? ZONE_OK : ZONE_NOMEM;
}

/* Drop what changes nothing: segments of no length, and those with the offset of the one before. */
static void merge(struct zone_builder *b)
{
    size_t kept = 0;

    for (size_t i = 1; i < b->count; i++) {
        if (b->segments[i].start_s == b->segments[kept].start_s) {
            b->segments[kept].offset_s = b->segments[i].offset_s;
        } else {
            b->segments[++kept] = b->segments[i];
        }
        if (kept > 0 && b->segments[kept].offset_s == b->segments[kept - 1].offset_s) {
            kept--;
        }
    }
    b->count = kept + 1;
}

/* One allocation: the struct, then its segments. */
static struct zone *finish(const struct zone_builder *b, const char *name)
{
    struct zone *const zone = calloc(1, sizeof *zone + b->count * sizeof *b->segments);
    size_t segment = 0;

    if (zone == NULL) {
        return NULL;
    }
    zone->count = b->count;
    zone->segments = memcpy(zone + 1, b->segments, b->count * sizeof *b->segments);
    snprintf(zone->name, sizeof zone->name, "%s", name);
    for (size_t period = 0; period <= ZONE_PERIODS; period++) {
        const int64_t start_s = (int64_t)period << ZONE_PERIOD_SHIFT;

        while (segment + 1 < b->count && b->segments[segment + 1].start_s <= start_s) {
            segment++;
        }
        zone->period[period] = (uint16_t)segment;
    }
    return zone;
}

static enum zone_err build_zone(struct zone_builder *b, const unsigned char *bytes, size_t len)
{
    struct block block;
    enum zone_err err = ZONE_OK;

    if (!read_block(&block, bytes, len, 4)) {
        return ZONE_FORMAT;
    }
    if (block.version == 0) {
        return add_table(b, &block);
    }
    if (block.version < '2') {
        return ZONE_FORMAT;
    }
    bytes += block.total;
    len -= block.total;
    if (!read_block(&block, bytes, len, 8)) {
        return ZONE_FORMAT;
    }
    err = add_table(b, &block);
    return err ? err : add_footer(b, bytes + block.total, len - block.total);
}

enum zone_err zone_parse(struct zone **out, const char *name, const unsigned char *bytes, size_t len)
{
    struct zone_builder builder = {0};
    enum zone_err err = ZONE_NAME;

    *out = NULL;
    if (!zone_name_is_valid(name, strlen(name))) {
        return ZONE_NAME;
    }
    if (len > ZONE_FILE_MAX) {
        return ZONE_FORMAT;
    }
    err = build_zone(&builder, bytes, len);
    if (err == ZONE_OK) {
        merge(&builder);
        *out = finish(&builder, name);
        err = *out != NULL ? ZONE_OK : ZONE_NOMEM;
    }
    free(builder.segments);
    return err;
}
