/* inlet: see inlet.h. */
#include "serve/inlet.h"

#include <string.h>

/* libfcgi's, declared in its fcgios.h, which would define names of its own. */
int OS_Read(int fd, char *buf, size_t len);

static struct slice left; /* what it has not read yet */

void inlet_open(struct slice bytes)
{
    left = bytes;
}

void inlet_close(void)
{
    left = (struct slice){NULL, 0};
}

int OS_Read(int fd, char *buf, size_t len)
{
    (void)fd;
    size_t got = len < left.len ? len : left.len;

    if (got > 0) {
        memcpy(buf, left.data, got);
        left = (struct slice){left.data + got, left.len - got};
    }
    return (int)got;
}
