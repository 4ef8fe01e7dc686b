/* cron_words: see cron_words.h. Knows nothing of schedules but the names of their values. */
#include "cron/cron_words.h"

#include <stdarg.h>
#include <stdio.h>

const char *cron_ordinal(unsigned number)
{
    if (number / 10 % 10 == 1) {
        return "th";
    }
    switch (number % 10) {
    case 1:
        return "st";
    case 2:
        return "nd";
    case 3:
        return "rd";
    default:
        return "th";
    }
}

void cron_word_number(char word[CRON_ENTRY_MAX], unsigned value)
{
    snprintf(word, CRON_ENTRY_MAX, "%u", value);
}

void cron_word_day(char word[CRON_ENTRY_MAX], unsigned value)
{
    snprintf(word, CRON_ENTRY_MAX, "the %u%s", value, cron_ordinal(value));
}

void cron_word_month(char word[CRON_ENTRY_MAX], unsigned value)
{
    static const char *const name[] = {"January", "February", "March",     "April",   "May",      "June",
                                       "July",    "August",   "September", "October", "November", "December"};

    snprintf(word, CRON_ENTRY_MAX, "%s", name[(value + 11) % 12]);
}

void cron_word_weekday(char word[CRON_ENTRY_MAX], unsigned value)
{
    static const char *const name[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};

    snprintf(word, CRON_ENTRY_MAX, "%s", name[value % 7]);
}

void cron_list_add(struct cron_list *list, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    if (list->count < CRON_LIST_MAX) {
        vsnprintf(list->entry[list->count], CRON_ENTRY_MAX, fmt, args);
    }
    va_end(args);
    list->count++;
}

void cron_list_add_set(struct cron_list *list, const struct cron_set *set, unsigned base, cron_word *word)
{
    for (int bit = cron_set_next(set, 0); bit >= 0;) {
        const unsigned last = cron_set_run(set, (unsigned)bit);
        char first_word[CRON_ENTRY_MAX];
        char last_word[CRON_ENTRY_MAX];

        word(first_word, (unsigned)bit + base);
        word(last_word, last + base);
        if (last == (unsigned)bit) {
            cron_list_add(list, "%s", first_word);
        } else {
            cron_list_add(list, "%.24s through %.24s", first_word, last_word);
        }
        bit = cron_set_next(set, last + 1);
    }
}

void cron_list_put(struct cron_text *out, const struct cron_list *list, const char *joiner)
{
    const size_t shown = list->count <= CRON_LIST_MAX ? list->count : CRON_LIST_MAX - 1;

    for (size_t i = 0; i < shown; i++) {
        const bool is_last = i + 1 == list->count;

        cron_put(out, "%s%s%s%s",
                 i == 0    ? ""
                 : is_last ? " "
                           : ", ",
                 is_last && i > 0 ? joiner : "", is_last && i > 0 ? " " : "", list->entry[i]);
    }
    if (shown < list->count) {
        cron_put(out, " %s %zu more", joiner, list->count - shown);
    }
}
