/* runner_id: see runner_id.h. */
#include "runner_id.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void runner_id_make(char out[STORE_RUNNER_ID_MAX + 1])
{
    char host[33] = {0};
    if (gethostname(host, sizeof host - 1) != 0) {
        host[0] = '\0';
    }
    for (char *p = host; *p != '\0'; p++) {
        *p = *p > ' ' && *p < 0x7f && *p != ':' ? *p : '_';
    }
    (void)snprintf(out, STORE_RUNNER_ID_MAX + 1, "%s-%ld-%08x", host[0] != '\0' ? host : "runner",
                   (long)getpid(), (unsigned)arc4random());
}
