/* number: reads a decimal number as JSON writes it (-12, 5000.0, 5e3). As in JSON Schema, a number without a
 * fraction is an integer, however it is written.
 *
 * Exact: nothing goes through a double. Pure.
 */
#ifndef DRONC_NUMBER_H
#define DRONC_NUMBER_H

#include "base/buffer.h"
#include "base/err.h"

#include <stdint.h>

enum number_kind {
    NUMBER_NONE,     /* not -?digits[.digits][e[+-]digits]. (Leading zeros are accepted.) */
    NUMBER_FRACTION, /* it has a fraction */
    NUMBER_WIDE,     /* whole, but beyond int64 */
    NUMBER_WHOLE
};

/* Read all of text. *value: a WHOLE one; INT64_MIN or INT64_MAX, whichever is nearer, for WIDE; else 0.
 * Linear in text. */
enum number_kind number_read(struct slice text, int64_t *value);

#endif
