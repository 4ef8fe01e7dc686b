/* cron_words: English for cron_describe.c: names, ordinals, and lists of them. Not for users of cron.h. */
#ifndef DRONC_CRON_WORDS_H
#define DRONC_CRON_WORDS_H

#include "cron/cron_internal.h"

#define CRON_LIST_MAX  12 /* entries that are shown; the rest is counted */
#define CRON_ENTRY_MAX 64 /* bytes of an entry, with the NUL */

/* Entries for "a, b and c". Zero-initialised: empty. */
struct cron_list {
    char entry[CRON_LIST_MAX][CRON_ENTRY_MAX];
    size_t count; /* of all entries, shown or not */
};

/* Turns a value of a field into words: "the 1st", "Monday". */
typedef void cron_word(char word[CRON_ENTRY_MAX], unsigned value);

/* Append an entry. */
void cron_list_add(struct cron_list *list, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Append the values of a set (bit n is value n + base): neighbours as "x through y". */
void cron_list_add_set(struct cron_list *list, const struct cron_set *set, unsigned base, cron_word *word);

/* Write "a", "a and b", "a, b and c"; joiner is "and" or "or". */
void cron_list_put(struct cron_text *out, const struct cron_list *list, const char *joiner);

/* Words for values. */
cron_word cron_word_number, cron_word_day, cron_word_month, cron_word_weekday;

/* "st", "nd", "rd" or "th". */
const char *cron_ordinal(unsigned number);

#endif
