/* zone_file: reads zones from the directory of the time zone database.
 *
 * A name is checked against the grammar before it becomes a path, so it cannot leave the directory. Reads
 * only regular files of at most ZONE_FILE_MAX bytes; a FIFO in the directory cannot make the open block.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* NOLINT(bugprone-reserved-identifier): POSIX defines this name */
#endif

#include "zone/zone_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *join_path(const char *dir, const char *name)
{
    const size_t size = strlen(dir) + 1 + strlen(name) + 1;
    char *const path = malloc(size);

    if (path != NULL) {
        snprintf(path, size, "%s/%s", dir, name);
    }
    return path;
}

static bool read_fully(int fd, unsigned char *bytes, size_t room, size_t *len)
{
    *len = 0;
    while (*len < room) {
        const ssize_t got = read(fd, bytes + *len, room - *len);

        if (got < 0 && errno != EINTR) {
            return false;
        }
        if (got == 0) {
            return true;
        }
        if (got > 0) {
            *len += (size_t)got;
        }
    }
    return true;
}

static enum zone_err read_open_file(int fd, unsigned char **bytes, size_t *len)
{
    struct stat status;

    if (fstat(fd, &status) != 0) {
        return ZONE_IO;
    }
    if (!S_ISREG(status.st_mode)) {
        return ZONE_UNKNOWN;
    }
    if (status.st_size <= 0 || (uintmax_t)status.st_size > ZONE_FILE_MAX) {
        return ZONE_FORMAT;
    }
    *bytes = malloc((size_t)status.st_size);
    if (*bytes == NULL) {
        return ZONE_NOMEM;
    }
    if (read_fully(fd, *bytes, (size_t)status.st_size, len)) {
        return ZONE_OK;
    }
    free(*bytes);
    *bytes = NULL;
    return ZONE_IO;
}

static enum zone_err open_error(void)
{
    const bool absent = errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENAMETOOLONG;

    return absent || errno == ENXIO ? ZONE_UNKNOWN : ZONE_IO;
}

enum zone_err zone_read_file(const char *tzdir, const char *name, unsigned char **bytes, size_t *len)
{
    char *const path = join_path(tzdir != NULL && *tzdir ? tzdir : ZONE_DIR_DEFAULT, name);
    enum zone_err err = ZONE_OK;
    int fd = -1;

    *bytes = NULL;
    if (path == NULL) {
        return ZONE_NOMEM;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    err = fd < 0 ? open_error() : read_open_file(fd, bytes, len);
    if (fd >= 0) {
        close(fd);
    }
    free(path);
    return err;
}

static struct zone *copy_of_utc(void)
{
    struct zone *const zone = malloc(sizeof *zone);

    if (zone != NULL) {
        memcpy(zone, zone_utc(), sizeof *zone); /* its one segment is static */
    }
    return zone;
}

enum zone_err zone_load(struct zone **out, const char *tzdir, const char *name)
{
    unsigned char *bytes = NULL;
    size_t len = 0;
    enum zone_err err = ZONE_OK;

    *out = NULL;
    if (!zone_name_is_valid(name, strlen(name))) {
        return ZONE_NAME;
    }
    if (strcmp(name, "UTC") == 0) {
        *out = copy_of_utc();
        return *out != NULL ? ZONE_OK : ZONE_NOMEM;
    }
    err = zone_read_file(tzdir, name, &bytes, &len);
    if (err == ZONE_OK) {
        err = zone_parse(out, name, bytes, len);
    }
    free(bytes);
    return err;
}
