/* targets: where a call may go. The settings TARGETS, TARGETS_ALLOW, TARGETS_DENY and TARGETS_REDIRECTS, and the
 * judgement of one address by them.
 *
 * An address of class IP_NEVER is refused, whatever the settings are. What TARGETS_DENY names is refused. Of the rest,
 * TARGETS opens classes, and TARGETS_ALLOW opens what it names:
 *
 *     public     public addresses
 *     private    these and private ones
 *     local      these and loopback, if the URL has it as an address or as localhost: a name may come to mean
 *                loopback at any time, by another's decision (DNS rebinding)
 *     auto       local while there are no API keys, else private
 *
 * An IPv6 address that embeds an IPv4 address is judged as both.
 *
 * A redirect is judged in the same way, and never leads further in than the call has been: from a public address only to
 * public ones, from a private one also to private ones, from loopback also to loopback, by a name as well. From a
 * special address it leads to public ones and, if TARGETS_ALLOW names them, special ones. TARGETS_REDIRECTS=any lifts this.
 *
 * Life cycle: targets_init, targets_fini. Any thread, one at a time. Depends only on libc and ip.
 */
#ifndef DRONC_TARGETS_H
#define DRONC_TARGETS_H

#include "net/ip.h"

#define TARGETS_LIST_SIZE  4096 /* of a list as text, with the NUL */
#define TARGETS_WHY_SIZE   160  /* of the reason for a refusal, with the NUL */

#define TARGETS_MUST_CHECK __attribute__((warn_unused_result))

enum targets_mode {
    TARGETS_AUTO,
    TARGETS_LOCAL,
    TARGETS_PRIVATE,
    TARGETS_PUBLIC,
    TARGETS_MODE__COUNT
};

enum targets_redirects {
    TARGETS_OUTWARD,
    TARGETS_ANY,
    TARGETS_REDIRECTS__COUNT
};

/* The settings as given. A list has items with commas between them, and blanks around any: an address, a range or the
 * name of a host, each with ":port" for one port alone ("10.0.0.0/8", "[fd00::/8]:8080", "db.example.com:80"). A name
 * means that host alone, not the names below it. */
struct targets_settings {
    enum targets_mode mode;
    enum targets_redirects redirects;
    char allow[TARGETS_LIST_SIZE];
    char deny[TARGETS_LIST_SIZE];
};

struct targets_list {
    struct targets_item *items; /* owned */
    size_t count;
};

struct targets {
    enum targets_mode mode;
    enum targets_redirects redirects;
    bool keys_exist; /* of the API; what `auto` means */
    struct targets_list allow;
    struct targets_list deny;
};

/* Returns true if text is a list. If not, *at and *len (bytes) are where its first wrong item is. */
bool targets_list_check(const char *text, size_t *at, size_t *len);

/* Both lists have passed targets_list_check; a wrong item is left out. Returns false if memory runs out. */
TARGETS_MUST_CHECK bool targets_init(struct targets *out, const struct targets_settings *settings);
void targets_fini(struct targets *targets);

/* Whether there are API keys. False after targets_init. */
void targets_note_keys(struct targets *targets, bool exist);

/* "auto", "local", "private", "public". Static. */
const char *targets_mode_name(enum targets_mode mode);

/* Returns true if host, as a URL has it, has to be looked up: it is neither an address nor localhost, nor a name below
 * localhost, which libcurl takes for loopback without asking anyone. */
bool targets_host_is_name(const char *host, size_t len);

/* Where a connection leads. */
struct targets_place {
    const char *host; /* as in the URL, an IPv6 address in brackets */
    size_t host_len;
    uint16_t port;
    struct ip ip;
    enum ip_class class; /* of ip, with what it embeds */
    bool is_redirect;
    enum ip_class from; /* is_redirect: the least strict class of the addresses that the call has been at */
    bool began_there;   /* is_redirect: the call began at an address of that class */
};

enum targets_verdict {
    TARGETS_OPEN,
    TARGETS_IS_NEVER,  /* by no setting */
    TARGETS_IS_DENIED, /* by TARGETS_DENY */
    TARGETS_IS_CLOSED, /* neither TARGETS nor TARGETS_ALLOW opens it */
    TARGETS_IS_NAMED,  /* the same: it is loopback, by a name */
    TARGETS_IS_INWARD, /* the redirect leads further in */
};

/* Judge a place. If the verdict is not TARGETS_OPEN, why has the reason, for a person. */
enum targets_verdict targets_judge(const struct targets *targets, const struct targets_place *place,
                                   char why[TARGETS_WHY_SIZE]);

/* Judge what can be judged without a look-up: host, as a URL has it. Returns true if it may be called, as far as that
 * is known; else why has the reason. */
bool targets_judge_host(const struct targets *targets, const char *host, size_t len, uint16_t port,
                        char why[TARGETS_WHY_SIZE]);

#endif
