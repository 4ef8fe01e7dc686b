/* children: forks, and keeps a pipe to each child, which shows when the child ends. */
#include "serve/children.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Children mostly wait: for their turn, or for their clients. */
static const size_t limits[] = {[CHILD_BULK] = 8, [CHILD_SENDER] = 24};

void children_init(struct children *children, int epoll_fd)
{
    memset(children, 0, sizeof *children);
    children->epoll_fd = epoll_fd;
}

bool children_may_start(const struct children *children, enum child_kind kind)
{
    return children->count[kind] < limits[kind];
}

static struct child *free_slot(struct children *children)
{
    struct child *slot = children->slots;

    while (slot->pid != 0) {
        slot++; /* the sum of the limits is at most CHILDREN_MAX */
    }
    return slot;
}

/* Let go of what the child shares with its parent. */
static void become_child(struct children *children, pid_t parent, int end)
{
    (void)end; /* stays open as long as this process lives, which is its purpose */
    for (struct child *slot = children->slots; slot < children->slots + CHILDREN_MAX; slot++) {
        if (slot->pid != 0) {
            close(slot->pipe);
        }
    }
    close(children->epoll_fd);
    children_init(children, -1);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        (void)raise(SIGKILL); /* the parent ended before the call */
    }
}

static void note_child(struct children *children, enum child_kind kind, pid_t pid, int end)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = children};
    struct child *slot = free_slot(children);

    *slot = (struct child){pid, end, kind};
    children->count[kind]++;
    (void)epoll_ctl(children->epoll_fd, EPOLL_CTL_ADD, end, &event);
}

enum child_start children_start(struct children *children, enum child_kind kind)
{
    pid_t parent = getpid();
    int ends[2];

    if (!children_may_start(children, kind)) {
        return CHILD_NONE;
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return CHILD_FAILED;
    }
    log_flush(); /* or the child would write what waits, too */
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        become_child(children, parent, ends[1]);
        return CHILD_SELF;
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return CHILD_FAILED;
    }
    note_child(children, kind, pid, ends[0]);
    return CHILD_PARENT;
}

static void log_end(pid_t pid, int status)
{
    if (WIFSIGNALED(status)) {
        log_error("child ended", log_i64("pid", pid), log_str("error", strsignal(WTERMSIG(status))));
    }
}

bool children_reap(struct children *children)
{
    bool any = false;

    for (struct child *slot = children->slots; slot < children->slots + CHILDREN_MAX; slot++) {
        int status = 0;
        if (slot->pid == 0 || waitpid(slot->pid, &status, WNOHANG) == 0) {
            continue;
        }
        log_end(slot->pid, status);
        (void)epoll_ctl(children->epoll_fd, EPOLL_CTL_DEL, slot->pipe, NULL);
        close(slot->pipe);
        children->count[slot->kind]--;
        slot->pid = 0;
        any = true;
    }
    return any;
}

size_t children_count(const struct children *children)
{
    size_t count = 0;

    for (size_t kind = 0; kind < CHILD_KIND__COUNT; kind++) {
        count += children->count[kind];
    }
    return count;
}
