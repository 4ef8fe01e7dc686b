/* What a signature costs: all that a call with one does beside a call without. Prints nanoseconds a call, for v1
 * and v1a.
 *
 *     bench_signature [CALLS]
 */
#include "base/clock.h"
#include "secret/signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY 256 /* bytes */

static double measure(enum signature_scheme scheme, long calls)
{
    static const uint8_t bytes[SIGNATURE_KEY_SIZE] = "0123456789abcdef0123456789abcdef";
    static char body[BODY];
    const struct signature_of of = {
        .id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-1772953200000",
        .timestamp = 1772953200,
        .body = {body, sizeof body}};
    struct signature_key *key = signature_key_new(scheme, bytes);
    struct clock clock = clock_system();
    struct buffer headers = {0};
    memset(body, 'x', sizeof body);
    int64_t begin = clock_mono_us(&clock);
    for (long i = 0; i < calls && key != NULL; i++) {
        buffer_clear(&headers);
        buffer_printf(&headers, "Webhook-Id: %s%c", of.id, '\0');
        buffer_printf(&headers, "Webhook-Timestamp: %lld%c", (long long)of.timestamp, '\0');
        buffer_add_str(&headers, "Webhook-Signature: ");
        if (signature_add(&headers, key, &of) != ERR_OK) {
            return -1;
        }
    }
    int64_t took_us = clock_mono_us(&clock) - begin;
    buffer_fini(&headers);
    signature_key_free(key);
    return key != NULL ? (double)took_us * 1000 / (double)calls : -1;
}

int main(int argc, char **argv)
{
    long calls = argc > 1 ? strtol(argv[1], NULL, 10) : 1000000;
    double v1 = measure(SIGNATURE_V1, calls);
    double v1a = measure(SIGNATURE_V1A, calls / 50 + 1);
    printf("v1 %.0f\nv1a %.0f\n", v1, v1a);
    return v1 < 0 || v1a < 0;
}
