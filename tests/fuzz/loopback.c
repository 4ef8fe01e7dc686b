/* loopback: preloaded, it keeps a program on this machine. The fuzzer makes up redirects, and mutates them:
 * none of them is to reach anybody. Addresses other than 127.0.0.0/8 and ::1 cannot be reached, names that
 * are no addresses do not resolve. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

typedef int connect_fn(int fd, const struct sockaddr *address, socklen_t len);
typedef int getaddrinfo_fn(const char *node, const char *service, const struct addrinfo *hints,
                           struct addrinfo **out);

static bool is_near(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
    }
    if (address->sa_family == AF_INET6) {
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
    }
    return true;
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    connect_fn *next;
    *(void **)&next = dlsym(RTLD_NEXT, "connect");
    if (!is_near(address)) {
        errno = ENETUNREACH;
        return -1;
    }
    return next(fd, address, len);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    struct addrinfo numeric = {0};
    getaddrinfo_fn *next;
    *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
    if (hints != NULL) {
        numeric = *hints;
    }
    numeric.ai_flags |= AI_NUMERICHOST;
    return next(node, service, &numeric, out);
}
