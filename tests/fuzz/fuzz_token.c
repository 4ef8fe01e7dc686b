/* Any bytes as a token: what is taken for one has a token's form, and no token differs from another in one byte. */
#include "access/token.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char id[TOKEN_ID_SIZE];
    char other[TOKEN_LEN];
    const struct slice text = {(const char *)data, size};
    if (!token_parse(id, text)) {
        return 0;
    }
    check(size == TOKEN_LEN && token_id_is_valid(slice_of(id)) &&
          memcmp(id, text.data + 3, TOKEN_ID_LEN) == 0);
    for (size_t i = 0; i < TOKEN_LEN; i++) {
        memcpy(other, data, TOKEN_LEN);
        other[i] = (char)(other[i] ^ 1);
        check(!token_parse(id, (struct slice){other, TOKEN_LEN}));
    }
    return 0;
}
