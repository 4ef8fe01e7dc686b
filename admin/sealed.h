/* sealed: how commands of dronc-admin store what is sealed, secrets and what signs. */
#ifndef DRONC_ADMIN_SEALED_H
#define DRONC_ADMIN_SEALED_H

#include "admin.h"
#include "store/store_sealed.h"

/* Store sealed, if its version is still `known`. Returns 0, whatever answer says, or the exit status after it has
 * said why Redis does not serve. */
int sealed_put(struct admin *admin, enum store_sealed_kind kind, const struct store_sealed *sealed,
               int64_t known, enum store_sealed_answer *answer);

#endif
