/* redis_server: a Redis of a test's own, on a Unix socket in a directory of its own, that nothing outlives.
 */
#ifndef DRONC_REDIS_SERVER_H
#define DRONC_REDIS_SERVER_H

#include "base/config.h"

#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REDIS_SERVER_START_MS 5000

struct redis_server {
    char dir[32];
    char socket[64];
    const char *password; /* NULL: none */
    pid_t pid;            /* 0: not running */
};

static inline void redis_server_exec(const struct redis_server *server)
{
    int null = open("/dev/null", O_RDWR);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(null, 0);
    (void)dup2(null, 1);
    (void)dup2(null, 2);
    (void)execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", server->socket, "--save", "",
                 "--appendonly", "no", "--dir", server->dir, "--requirepass",
                 server->password == NULL ? "" : server->password, (char *)NULL);
    _exit(127);
}

static inline bool redis_server_answers(const struct redis_server *server)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s", server->socket);
    bool answers = connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0;
    close(fd);
    return answers;
}

static inline void redis_server_start(struct redis_server *server)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    (void)unlink(server->socket);
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0) {
        redis_server_exec(server);
    }
    for (int i = 0; !redis_server_answers(server); i++) {
        if (i == REDIS_SERVER_START_MS || waitpid(server->pid, NULL, WNOHANG) != 0) {
            server->pid = 0;
            fail_msg("redis-server does not start");
        }
        (void)nanosleep(&pause, NULL);
    }
}

/* kill -9; the socket's file stays. */
static inline void redis_server_kill(struct redis_server *server)
{
    if (server->pid > 0) {
        (void)kill(server->pid, SIGKILL);
        (void)waitpid(server->pid, NULL, 0);
        server->pid = 0;
    }
}

/* password is borrowed; NULL: none. */
static inline void redis_server_open(struct redis_server *server, const char *password)
{
    *server = (struct redis_server){.dir = "/tmp/dronc-test-XXXXXX", .password = password};
    assert_non_null(mkdtemp(server->dir));
    (void)snprintf(server->socket, sizeof server->socket, "%s/redis.sock", server->dir);
    redis_server_start(server);
}

static inline void redis_server_close(struct redis_server *server)
{
    redis_server_kill(server);
    (void)unlink(server->socket);
    (void)rmdir(server->dir);
}

/* How to reach it. */
static inline struct config redis_server_config(const struct redis_server *server)
{
    struct config config = {.redis_port = 1};
    (void)snprintf(config.redis_socket, sizeof config.redis_socket, "%s", server->socket);
    if (server->password != NULL) {
        (void)snprintf(config.redis_password, sizeof config.redis_password, "%s", server->password);
    }
    return config;
}

#endif
