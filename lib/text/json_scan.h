/* json_scan: decides whether a text is JSON by RFC 8259, byte by byte, before any library sees it.
 *
 * A helper of json, pure. Builds nothing and allocates nothing; its time is linear in the text, and its stack
 * does not grow with it. Beyond the RFC it refuses NUL in strings, lone surrogates, and more than
 * JSON_DEPTH_MAX containers inside each other. json.c finds duplicate keys with what is counted here.
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

/* Something in the text that json.c wants to see. */
struct json_sight {
    enum {
        JSON_SIGHT_KEY,       /* token: a member's name, with its quotes and escapes */
        JSON_SIGHT_ODD_NUMBER /* token: a number whose form hides its value: whole, but with a fraction
                                 or an exponent (5000.0, 5e3); or without them, but too large for int64 */
    } kind;
    bool whole;         /* ODD_NUMBER: it fits int64, */
    int64_t value;      /* and this is its value */
    struct slice token; /* borrowed from the text */
    size_t at;          /* the byte of the text at which the token begins, from 1 */
    unsigned depth;     /* open containers, 1 to JSON_DEPTH_MAX for a key */
    bool first;         /* KEY: it is the first of its object */
};

/* Called for each, in the order of the text. The scan ends at anything but ERR_OK, and returns it. */
typedef enum err json_sight_cb(const struct json_sight *sight, void *arg);

/* ERR_INVALID: info (may be NULL) has the byte, from 1, and what was expected there. */
NODISCARD enum err json_scan(struct slice text, struct json_counts *counts, struct errinfo *info);
/* Walk over a text that json_scan accepted, and report its sights. ERR_OK, or what cb returned. */
NODISCARD enum err json_scan_sights(struct slice text, json_sight_cb *cb, void *arg);

#endif
