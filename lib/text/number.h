/* number: a number in decimal, as JSON writes it (-12, 5000.0, 5e3), and the whole number that it is. By JSON
 * Schema a number without a fraction is an integer, however it is written; so it is wherever clients say one.
 *
 * Exact: nothing goes through a double. Pure.
 */
#ifndef DRONC_NUMBER_H
#define DRONC_NUMBER_H

#include "base/buffer.h"
#include "base/err.h"

#include <stdint.h>

enum number_kind {
    NUMBER_NONE,     /* no number: not -?digits[.digits][e[+-]digits]. (Zeros in front are let pass.) */
    NUMBER_FRACTION, /* it has one */
    NUMBER_WIDE,     /* whole, and beyond int64 */
    NUMBER_WHOLE
};

/* *value: of a whole number; INT64_MIN or INT64_MAX, whichever is nearer, if it is wide; else 0. Linear. */
enum number_kind number_read(struct slice text, int64_t *value);

#endif
