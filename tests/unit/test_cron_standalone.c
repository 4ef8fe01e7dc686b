/* The engine can be borrowed: its files, copied alone into another directory, compile with a strict compiler
 * and run. Needs a C compiler: $CC or cc. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static const char script[] =
    "set -e\n"
    "dir=$(mktemp -d)\n"
    "trap 'rm -rf \"$dir\"' EXIT\n"
    "cp -r lib/cron lib/zone \"$dir\"\n"
    "cat > \"$dir/main.c\" <<'END'\n"
    "#include \"cron/cron.h\"\n"
    "#include <stdio.h>\n"
    "#include <string.h>\n"
    "int main(void)\n"
    "{\n"
    "    char zone_name[CRON_ZONE_MAX + 1], words[CRON_DESCRIBE_MAX], text[] = \"30 9 * * 1-5\";\n"
    "    struct cron_error error;\n"
    "    struct cron c;\n"
    "    int64_t next = 0;\n"
    "    if (cron_parse(&c, zone_name, text, strlen(text), &error) != CRON_OK)\n"
    "        return 1;\n"
    "    cron_describe(&c, words, sizeof(words));\n"
    "    if (!cron_next(&c, zone_utc(), 1772953200, &next))\n"
    "        return 2;\n"
    "    printf(\"%lld %s\\n\", (long long)next, words);\n"
    "    return 0;\n"
    "}\n"
    "END\n"
    "cd \"$dir\"\n"
    "for header in */*.h; do echo \"#include \\\"$header\\\"\" | ${CC:-cc} -std=c17 -Wall -Wextra -Werror "
    "-I. "
    "-fsyntax-only -x c -; done\n"
    "${CC:-cc} -std=c17 -Wall -Wextra -Wpedantic -Werror -I. -o main *.c */*.c\n"
    "./main\n";

TEST(engine_compiles_and_runs_alone)
{
    FILE *const shell = popen(script, "r");
    char line[128] = "";

    assert_non_null(shell);
    assert_non_null(fgets(line, sizeof(line), shell));
    assert_int_equal(pclose(shell), 0);
    assert_string_equal(line, "1773048600 At 09:30 on weekdays\n");
}
