/* responder: answers one whole request on one connection, by libfcgi and app.
 *
 * Owns libfcgi, which speaks the protocol and does nothing else, and how long a client may take for its
 * answer. Decides what is done in a process of its own, so that nobody else waits for it: what is about many
 * jobs (app_admit_fn), and the sending of an answer that is too long for the web server's memory. Leaves
 * making that process to the worker. A connection carries one request. One thread.
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
    RESPONDER_DONE,    /* answered here, or by a child: the connection is of no more use */
    RESPONDER_NOT_YET, /* it may be begun when a child has ended */
    RESPONDER_REFUSED  /* it cannot be answered now */
};

/* Make a child for the request that is being answered, one that holds nothing of ours but its connection. */
typedef enum child_start responder_spawn_fn(void *arg, enum child_kind kind);

struct responder {
    struct app *app; /* borrowed */
    FCGX_Request request;
    int file_fd;                    /* the request, for libfcgi to read; -1: none yet */
    int turn_fd;                    /* borrowed: what children lock, the listening socket */
    const struct intake_conn *conn; /* borrowed: whose request is being answered */
    enum child_start started;       /* what became of the wish for a child, for this request */
    bool is_child;                  /* this process was made for the request */
    responder_spawn_fn *spawn;
    void *spawn_arg; /* borrowed */
};

/* listener: the socket that all handlers share. */
NODISCARD enum err responder_init(struct responder *responder, struct app *app, int listener,
                                  struct errinfo *info);
void responder_fini(struct responder *responder);

/* Answer the request on conn, which has all of it. In a child that was made for that, returns likewise. */
enum responder_end responder_answer(struct responder *responder, const struct intake_conn *conn);

#endif
