/* supervisor: sends one datagram to NOTIFY_SOCKET. The runner, which reports more and more often, has a
 * module of its own. */
#include "serve/supervisor.h"

#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Read a path, or a name after "@" (an "abstract" one of Linux, which begins with a zero byte). Returns the
 * length of the address; 0: it is neither. */
static socklen_t read_address(struct sockaddr_un *address, const char *text)
{
    size_t len = strlen(text);
    if ((text[0] != '/' && text[0] != '@') || len >= sizeof address->sun_path) {
        return 0;
    }
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, text, len);
    if (text[0] == '@') {
        address->sun_path[0] = '\0';
    }
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (text[0] == '@' ? 0 : 1));
}

static bool send_to(const char *name, const char *state)
{
    struct sockaddr_un address;
    socklen_t address_len = read_address(&address, name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool sent = fd >= 0 && address_len > 0 &&
                sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, address_len) >= 0;
    if (fd >= 0) {
        int error = errno;
        close(fd);
        errno = error;
    }
    return sent;
}

void supervisor_send(const char *state)
{
    const char *name = getenv("NOTIFY_SOCKET");
    if (name != NULL && name[0] != '\0' && !send_to(name, state)) {
        log_warn("supervisor not reached", log_str("error", strerror(errno)));
    }
}
