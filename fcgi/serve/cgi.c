/* cgi: makes a request_source of the environment and the standard streams. */
#include "serve/cgi.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static const char *meta(void *arg, const char *name)
{
    (void)arg;
    return getenv(name);
}

static int64_t read_body(void *arg, char *out, size_t size)
{
    ssize_t got;

    (void)arg;
    do {
        got = read(STDIN_FILENO, out, size);
    } while (got < 0 && errno == EINTR);
    return got;
}

bool cgi_is_request(void)
{
    return getenv("REQUEST_METHOD") != NULL;
}

static enum err send_all(struct slice rest, struct errinfo *info)
{
    while (rest.len > 0) {
        ssize_t sent = write(STDOUT_FILENO, rest.data, rest.len);
        if (sent < 0 && errno != EINTR) {
            return err_set_errno(info, "the answer could not be written");
        }
        if (sent > 0) {
            rest.data += sent;
            rest.len -= (size_t)sent;
        }
    }
    return ERR_OK;
}

enum err cgi_run(struct app *app, struct errinfo *info)
{
    static const struct request_source source = {.meta = meta, .read = read_body};
    struct slice bytes = app_answer(app, &source);
    enum err err = ERR_OK;

    if (bytes.data == NULL) {
        return err_set(info, ERR_NOMEM, "out of memory");
    }
    while (bytes.data != NULL && err == ERR_OK) {
        err = send_all(bytes, info);
        bytes = app_go_on(app);
    }
    return err;
}
