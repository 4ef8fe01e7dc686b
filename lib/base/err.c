/* err: see err.h. Formats into the caller's memory. Does not log. */
#include "base/err.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One row per code. The tests find a code without a row. */
static const struct {
    const char *name;
    bool retryable;
} CODES[ERR__COUNT] = {
    [ERR_OK] = {"ok", false},
    [ERR_NOMEM] = {"nomem", true},
    [ERR_INVALID] = {"invalid", false},
    [ERR_LIMIT] = {"limit", false},
    [ERR_CONFIG] = {"config", false},
    [ERR_SYSTEM] = {"system", false},
    [ERR_DOWN] = {"down", true},
    [ERR_BUSY] = {"busy", true},
    [ERR_TIMEOUT] = {"timeout", true},
    [ERR_REFUSED] = {"refused", false},
    [ERR_PROTOCOL] = {"protocol", false},
    [ERR_NOT_FOUND] = {"not_found", false},
    [ERR_BUG] = {"bug", false},
};

/* Format, then move into info: an argument may be the text that info already holds. */
PRINTF_LIKE(2, 0) static void set_text(struct errinfo *info, const char *fmt, va_list args)
{
    char text[sizeof info->text];
    int len = vsnprintf(text, sizeof text, fmt, args);
    size_t kept = len < 0 ? 0 : (size_t)len;
    if (kept >= sizeof text) {
        kept = utf8_cut(text, sizeof text - 1);
    }
    memcpy(info->text, text, kept);
    info->text[kept] = '\0';
}

enum err err_set(struct errinfo *info, enum err code, const char *fmt, ...)
{
    if (info == NULL) {
        return code;
    }
    info->code = code;
    va_list args;
    va_start(args, fmt);
    set_text(info, fmt, args);
    va_end(args);
    return code;
}

enum err err_set_errno(struct errinfo *info, const char *fmt, ...)
{
    int saved = errno;
    if (info == NULL) {
        return ERR_SYSTEM;
    }
    info->code = ERR_SYSTEM;
    va_list args;
    va_start(args, fmt);
    set_text(info, fmt, args);
    va_end(args);
    char words[128];
    /* GNU's strerror_r: its result may be elsewhere than in words. */
    (void)err_set(info, ERR_SYSTEM, "%s: %s", info->text, strerror_r(saved, words, sizeof words));
    errno = saved;
    return ERR_SYSTEM;
}

const char *err_name(enum err code)
{
    if ((unsigned)code >= ERR__COUNT || CODES[code].name == NULL) {
        return "unknown";
    }
    return CODES[code].name;
}

bool err_is_retryable(enum err code)
{
    return (unsigned)code < ERR__COUNT && CODES[code].retryable;
}
