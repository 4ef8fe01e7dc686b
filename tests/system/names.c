/* names: preloaded, it lets a program ask the name server of a test: resolv.conf is $NAMES_CONF, and port 53
 * is $NAMES_PORT. (Only root may listen on 53, and only one test at a time.) For c-ares; glibc's own resolver
 * does not notice. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

static const char *mapped(const char *path)
{
    const char *conf = getenv("NAMES_CONF");
    return conf != NULL && strcmp(path, "/etc/resolv.conf") == 0 ? conf : path;
}

FILE *fopen(const char *path, const char *mode)
{
    FILE *(*next)(const char *, const char *) =
        (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen");
    return next(mapped(path), mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    FILE *(*next)(const char *, const char *) =
        (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen64");
    return next(mapped(path), mode);
}

int stat(const char *path, struct stat *out)
{
    int (*next)(const char *, struct stat *) = (int (*)(const char *, struct stat *))dlsym(RTLD_NEXT, "stat");
    return next(mapped(path), out);
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    int (*next)(int, const struct sockaddr *, socklen_t) =
        (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
    const char *port = getenv("NAMES_PORT");
    struct sockaddr_in in;
    if (port != NULL && address->sa_family == AF_INET && len >= sizeof in) {
        memcpy(&in, address, sizeof in);
        if (ntohs(in.sin_port) == 53) {
            in.sin_port = htons((unsigned short)atoi(port));
            return next(fd, (const struct sockaddr *)&in, sizeof in);
        }
    }
    return next(fd, address, len);
}

/* Where an answer comes from has to be where the question went: c-ares 1.34 looks at the port, too. */
ssize_t recvfrom(int fd, void *restrict data, size_t size, int flags, struct sockaddr *restrict from,
                 socklen_t *restrict len)
{
    ssize_t (*next)(int, void *, size_t, int, struct sockaddr *, socklen_t *) =
        (ssize_t(*)(int, void *, size_t, int, struct sockaddr *, socklen_t *))dlsym(RTLD_NEXT, "recvfrom");
    ssize_t got = next(fd, data, size, flags, from, len);
    const char *port = getenv("NAMES_PORT");
    if (got >= 0 && port != NULL && from != NULL && from->sa_family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)from;
        in->sin_port = ntohs(in->sin_port) == atoi(port) ? htons(53) : in->sin_port;
    }
    return got;
}
