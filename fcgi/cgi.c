/* cgi: environment and standard streams as a request_source. */
#include "cgi.h"

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

enum err cgi_run(struct app *app, struct errinfo *info)
{
    static const struct request_source source = {.meta = meta, .read = read_body};
    struct slice rest = app_answer(app, &source);

    if (!rest.data) {
        return err_set(info, ERR_NOMEM, "out of memory");
    }
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
