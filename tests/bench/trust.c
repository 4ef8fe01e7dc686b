/* trust: preloaded, it lets a program trust the certificates in $BENCH_CA instead of the system's. The runner
 * trusts what Debian's libcurl trusts, has no setting for another authority, and shall not get one for a
 * benchmark. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef FILE *fopen_fn(const char *path, const char *mode);

static FILE *open_trusted(const char *name, const char *path, const char *mode)
{
    const char *ca = getenv("BENCH_CA");
    fopen_fn *next;
    *(void **)&next = dlsym(RTLD_NEXT, name);
    return next(ca != NULL && strcmp(path, "/etc/ssl/certs/ca-certificates.crt") == 0 ? ca : path, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    return open_trusted("fopen", path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    return open_trusted("fopen64", path, mode);
}
