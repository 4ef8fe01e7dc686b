/* responder: answers one complete request on one connection, through libfcgi and app.
 *
 * Owns libfcgi, which only speaks the protocol, and how long a client may take for its response. Decides what
 * runs in a child process, so that no other request waits for it: requests about many jobs (app_admit_fn),
 * and sending a response that is too long for the web server's memory. Leaves starting the child to the
 * worker. A connection carries one request. One thread.
 *
 * Life cycle: responder_init; responder_answer per request; responder_fini.
 */
#ifndef DRONC_RESPONDER_H
#define DRONC_RESPONDER_H

#include "serve/app.h"
#include "serve/children.h"
#include "serve/intake.h"

#include <fcgiapp.h>
#include <stdbool.h>

enum responder_end {
    RESPONDER_DONE,    /* answered, here or by a child: drop the connection */
    RESPONDER_NOT_YET, /* it can begin when a child has ended */
    RESPONDER_REFUSED  /* it cannot be answered now */
};

/* Start a child for the current request. The child keeps nothing but its connection. */
typedef enum child_start responder_spawn_fn(void *arg, enum child_kind kind);

struct responder {
    struct app *app; /* borrowed */
    FCGX_Request request;
    int stand_in_fd;                /* what libfcgi takes for the connection; -1: none */
    int turn_fd;                    /* borrowed: the listening socket, which children lock */
    const struct intake_conn *conn; /* borrowed: the connection of the current request */
    enum child_start started;       /* the result of starting a child for this request */
    bool is_child;                  /* this process is a child for the request */
    responder_spawn_fn *spawn;
    void *spawn_arg; /* borrowed */
};

/* listener: the socket that all handlers share. */
NODISCARD enum err responder_init(struct responder *responder, struct app *app, int listener,
                                  struct errinfo *info);
void responder_fini(struct responder *responder);

/* Answer the complete request on conn. Returns in a child, too. */
enum responder_end responder_answer(struct responder *responder, const struct intake_conn *conn);

#endif
