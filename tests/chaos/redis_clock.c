/* redis_clock: a wall clock that can be set, for Redis. Preloaded; CLOCK_OFFSET_FILE holds 8 bytes, the
 * offset in microseconds; where 8 more follow, and are not 0, they are the time itself, at which it stands.
 *
 * Why not libfaketime, as for the other programs: it allocates while it sets itself up, and Redis' allocator
 * asks for the time while *it* does, so that Redis with libfaketime stops before main ("Unexpected recursive
 * calls to clock_gettime"). This one calls only the kernel. Monotonic clocks are left alone. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset_us;

__attribute__((constructor)) static void map_offset(void)
{
    const char *path = getenv("CLOCK_OFFSET_FILE");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        void *page = mmap(NULL, 2 * sizeof *offset_us, PROT_READ, MAP_SHARED, fd, 0);
        (void)close(fd);
        offset_us = page != MAP_FAILED ? page : NULL;
    }
}

static int64_t now_us(void)
{
    struct timespec now = {0};
    if (offset_us != NULL && offset_us[1] != 0) { /* behind the end of a short file there are zeros */
        return offset_us[1];
    }
    (void)syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000 + (offset_us != NULL ? *offset_us : 0);
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    if (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE) {
        return (int)syscall(SYS_clock_gettime, id, out);
    }
    int64_t now = now_us();
    *out = (struct timespec){.tv_sec = now / 1000000, .tv_nsec = now % 1000000 * 1000};
    return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    (void)zone;
    int64_t now = now_us();
    *out = (struct timeval){.tv_sec = now / 1000000, .tv_usec = now % 1000000};
    return 0;
}

time_t time(time_t *out)
{
    time_t now = now_us() / 1000000;
    if (out != NULL) {
        *out = now;
    }
    return now;
}
