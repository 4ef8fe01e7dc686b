/* sealed: see sealed.h. */
#include "sealed.h"

int sealed_put(struct admin *admin, enum store_sealed_kind kind, const struct store_sealed *sealed,
               int64_t known, enum store_sealed_answer *answer)
{
    struct errinfo info = {0};
    const struct reply *reply;
    struct cmd cmd;
    store_sealed_put(&cmd, kind, sealed, known, &admin->actor);
    int status = admin_ask(admin, &cmd, 1, &reply);
    if (status == 0 && store_sealed_put_reply(reply, answer, &info) != ERR_OK) {
        status = admin_fail(admin, &info);
    }
    return status;
}
