/* wipe: all memory that this process gives back is overwritten first. A secret passes through buffers of libfcgi
 * and json-c, which give theirs back as it is; a core of this process, or its memory, would
 * hold it for hours.
 *
 * A definition of free and realloc in the program takes the place of libc's for its libraries, too. What is
 * still in use is the business of who uses it (app_forget).
 *
 * Left out with a sanitizer, which has its own. Unit tests do not link it.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_OWN_FREE 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_OWN_FREE 1
#endif

#ifndef HAS_OWN_FREE

/* glibc's own names of what is replaced. */
void __libc_free(void *memory);                  /* NOLINT(bugprone-reserved-identifier) */
void *__libc_realloc(void *memory, size_t size); /* NOLINT(bugprone-reserved-identifier) */

/* Has this memory pages of its own (glibc's flag IS_MMAPPED)? Large memory has. */
static int has_own_pages(const void *memory)
{
    return (((const size_t *)memory)[-1] & 2) != 0;
}

void free(void *memory) /* NOLINT(readability-inconsistent-declaration-parameter-name) */
{
    if (memory != NULL) {
        explicit_bzero(memory, malloc_usable_size(memory));
        __libc_free(memory);
    }
}

/* glibc's would give the old memory back by itself. Where that has pages of its own the kernel moves or takes them, so
 * nothing stays behind; and a buffer that grows by megabytes is never there twice. */
void *realloc(void *memory, /* NOLINT(readability-inconsistent-declaration-parameter-name) */
              size_t size)
{
    if (memory == NULL) {
        return malloc(size);
    }
    if (size == 0) {
        free(memory);
        return NULL;
    }
    if (has_own_pages(memory)) {
        return __libc_realloc(memory, size);
    }
    size_t old = malloc_usable_size(memory);
    if (size <= old && size >= old / 2) {
        return memory;
    }
    void *moved = malloc(size);
    if (moved != NULL) {
        memcpy(moved, memory, old < size ? old : size);
        free(memory);
    }
    return moved;
}

#else
typedef int wipe_is_left_out;
#endif
