/* json: reads JSON strictly (RFC 8259 and no more), and writes it. The only module that includes json-c.
 *
 * Reading refuses what json-c accepts: duplicate keys (after unescaping), trailing bytes, NUL bytes and
 * "\u0000", invalid UTF-8, lone surrogates, raw control characters in strings, NaN, Infinity, numbers that
 * RFC 8259 does not know, comments, single quotes, trailing commas, a byte-order mark, and more than
 * JSON_DEPTH_MAX containers inside each other.
 *
 * A whole number is exact, however it is written; so 5000.0 comes out as 5000.
 *
 * Writing goes straight into a buffer, without a tree in memory.
 */
#ifndef DRONC_JSON_H
#define DRONC_JSON_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/err.h"

#include <stdint.h>

#define JSON_DEPTH_MAX 8

enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_INT,    /* a whole number that fits int64, however it is written: 5000, 5000.0, 5e3 */
    JSON_NUMBER, /* any other number */
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

/* A parsed document. Owned by the caller; json_free ends it and every value borrowed from it. */
struct json_doc;
/* A value inside a document. Borrowed. */
struct json_value;

/* ERR_INVALID: info has the mistake and its place (byte, from 1), and the name of a duplicate key in double
 * quotes. ERR_LIMIT for 2 GiB and more, ERR_NOMEM, ERR_BUG. On failure *out is NULL. Linear in len. */
NODISCARD enum err json_parse(struct json_doc **out, const char *text, size_t len, struct errinfo *info);
/* NULL is fine. */
void json_free(struct json_doc *doc);

/* The outermost value. Never NULL, and neither is any other value of a document: null is a value. */
const struct json_value *json_root(const struct json_doc *doc);
enum json_kind json_kind_of(const struct json_value *value);
/* "a string", "an object", "a whole number", …, for messages. Static storage. */
const char *json_kind_name(enum json_kind kind);

/* The member of that name of a JSON_OBJECT. NULL if there is none, or if it is not an object. */
const struct json_value *json_member(const struct json_value *object, const char *name);
/* Walk over the members of a JSON_OBJECT in the order of the text; cb returns false to stop. Returns true if
 * all were visited. */
typedef bool json_visit(struct slice key, const struct json_value *value, void *arg);
bool json_each(const struct json_value *object, json_visit *cb, void *arg);

/* Walk over the items of a JSON_ARRAY in their order; cb returns false to stop. Returns true if all were
 * visited. */
typedef bool json_visit_item(const struct json_value *value, void *arg);
bool json_each_item(const struct json_value *array, json_visit_item *cb, void *arg);
/* The number of members or items of a container; 0 for anything else. */
size_t json_count(const struct json_value *container);

/* The value of a JSON_STRING, JSON_INT or JSON_BOOL; {NULL, 0}, 0, false for anything else. Strings hold no
 * NUL and end in one. */
struct slice json_string(const struct json_value *value);
int64_t json_int(const struct json_value *value);
bool json_is_true(const struct json_value *value);
/* The nearest double of a JSON_INT or JSON_NUMBER; 0 for anything else. */
double json_double(const struct json_value *value);

/* Apply patch, an object, to into's outermost value, an object (RFC 7396): a member that is null removes the
 * one of that name, objects are merged in the same way, and any other value replaces what was there. patch
 * may be freed afterwards. ERR_NOMEM; ERR_INVALID if one of the two is not an object. */
NODISCARD enum err json_merge(struct json_doc *into, const struct json_value *patch);

/* Writing. The writer adds commas and colons. A misuse (a value without a key in an object, an unbalanced
 * end, a second outermost value, more containers than state has room for) sets the buffer's error to
 * ERR_BUG. Nothing to free. */
struct json_writer {
    struct buffer *out;                      /* borrowed */
    unsigned depth;                          /* open containers */
    unsigned char state[JSON_DEPTH_MAX + 8]; /* of each container, the outermost level first */
};

void json_begin(struct json_writer *w, struct buffer *out);
void json_object_begin(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_end(struct json_writer *w);
void json_key(struct json_writer *w, const char *name);
/* Strings are escaped as RFC 8259 requires and no further ('/' stays); each byte that is not UTF-8 becomes
 * U+FFFD. NULL is written as null. */
void json_put_str(struct json_writer *w, const char *text);
void json_put_bytes(struct json_writer *w, struct slice text);
void json_put_i64(struct json_writer *w, int64_t value);
/* A member of the open object: key and value. */
void json_member_str(struct json_writer *w, const char *key, const char *value);
void json_member_i64(struct json_writer *w, const char *key, int64_t value);
/* An instant in RFC 3339, in UTC. */
void json_member_time(struct json_writer *w, const char *key, struct wall_ms at);
void json_put_bool(struct json_writer *w, bool value);
void json_put_null(struct json_writer *w);
/* Write a value that was read, in one canonical form: no white space, the members of objects sorted by the
 * bytes of their names, fractions as they were written. */
void json_put_value(struct json_writer *w, const struct json_value *value);
/* Write text that is already one JSON value. */
void json_put_raw(struct json_writer *w, struct slice text);

/* Append text as the inside of a JSON string (no quotes). */
void json_escape(struct buffer *out, struct slice text);

#endif
