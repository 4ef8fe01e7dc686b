/* json_scan: whether a text is JSON by RFC 8259, byte by byte, before any library sees it.
 *
 * json's own helper, pure. Builds nothing and allocates nothing; takes time linear in the text and no stack
 * that grows with it. Decides what is well-formed, and on top of the RFC refuses NUL in strings, lone
 * surrogates, and more than JSON_DEPTH_MAX containers inside each other. Leaves duplicate keys to json.c,
 * which finds them with what is counted here.
 */
#ifndef DRONC_JSON_SCAN_H
#define DRONC_JSON_SCAN_H

#include "base/buffer.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a text holds. */
struct json_counts {
    size_t members;     /* of all objects together */
    size_t odd_numbers; /* JSON_SIGHT_ODD_NUMBER */
};

/* Something in the text that the caller wants to look at. */
struct json_sight {
    enum {
        JSON_SIGHT_KEY,       /* token: a member's name, its quotes and escapes included */
        JSON_SIGHT_ODD_NUMBER /* token: one whose value its form does not show: it is whole, and has a
                                 fraction or an exponent (5000.0, 5e3), or has none, and does not fit int64 */
    } kind;
    bool whole;         /* an odd number: it fits int64, */
    int64_t value;      /* and is this */
    struct slice token; /* borrowed from the text */
    size_t at;          /* byte of the token in the text, from 1 */
    unsigned depth;     /* containers that are open, 1 to JSON_DEPTH_MAX for a key */
    bool first;         /* a key: the first of its object */
};

/* Called for each, in the order of the text; anything but ERR_OK ends the scan, which returns it. */
typedef enum err json_sight_cb(const struct json_sight *sight, void *arg);

/* ERR_INVALID: info (may be NULL) says at which byte, from 1, and what was expected. */
NODISCARD enum err json_scan(struct slice text, struct json_counts *counts, struct errinfo *info);
/* The same walk over a text that json_scan found good, for its sights. ERR_OK, or what cb returned. */
NODISCARD enum err json_scan_sights(struct slice text, json_sight_cb *cb, void *arg);

#endif
