/* actor: who asks for the changes that tests make. */
#ifndef DRONC_ACTOR_H
#define DRONC_ACTOR_H

#include "store/store_audit.h"

#define SOMEONE                                               \
    (&(const struct store_actor){.who = {"someone", 7},       \
                                 .address = {"192.0.2.1", 9}, \
                                 .method = "POST",            \
                                 .route = "/v1/x",            \
                                 .request_id = {"r1", 2},     \
                                 .keep = 1000})

#endif
