/* seal_file: see seal_file.h. Looks at the file that it has opened, not at its name: no other can take its
 * place in between. */
#include "secret/seal_file.h"

#include "text/base64.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX 65536 /* bytes */

static const char private_mark[] = "dronc-seal-key-1:";
static const char public_mark[] = "dronc-seal-public-1:";

/* ---- the file ---- */

/* May only its owner read and write it? */
static enum err check_mode(int fd, const char *path, struct errinfo *info)
{
    struct stat found;
    if (fstat(fd, &found) != 0) {
        return err_set_errno(info, "%s", path);
    }
    if (!S_ISREG(found.st_mode)) {
        return err_set(info, ERR_CONFIG, "%s is not a file", path);
    }
    if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return err_set(info, ERR_CONFIG, "%s may be read or written by others than its owner: chmod 600 it",
                       path);
    }
    return ERR_OK;
}

static enum err read_all(int fd, const char *path, struct buffer *out, struct errinfo *info)
{
    char chunk[1024];
    ssize_t got;
    while ((got = read(fd, chunk, sizeof chunk)) > 0) {
        buffer_add(out, chunk, (size_t)got);
    }
    explicit_bzero(chunk, sizeof chunk);
    if (got < 0) {
        return err_set_errno(info, "%s", path);
    }
    enum err err = buffer_error(out);
    return err == ERR_OK ? ERR_OK : err_set(info, ERR_CONFIG, "%s is too long for a file of keys", path);
}

/* Read the whole file. out is a buffer with a limit, whose memory does not move. */
static enum err read_file(struct buffer *out, const char *path, bool is_private, struct errinfo *info)
{
    buffer_init(out, FILE_MAX);
    buffer_reserve(out, FILE_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return err_set_errno(info, "%s", path);
    }
    enum err err = is_private ? check_mode(fd, path, info) : ERR_OK;
    err = err != ERR_OK ? err : read_all(fd, path, out, info);
    close(fd);
    return err;
}

/* ---- its lines ---- */

/* The bytes of a key behind mark. Returns false if the line is no key. */
static bool read_line(struct slice line, const char *mark, uint8_t out[SEAL_KEY_SIZE])
{
    size_t head = strlen(mark);
    size_t len = 0;
    if (line.len < head || memcmp(line.data, mark, head) != 0) {
        return false;
    }
    struct slice text = {line.data + head, line.len - head};
    if (!base64_check(text, &len) || len != SEAL_KEY_SIZE) {
        return false;
    }
    struct buffer bytes = {0};
    base64_decode(&bytes, text);
    bool good = bytes.len == SEAL_KEY_SIZE;
    if (good) {
        memcpy(out, bytes.data, SEAL_KEY_SIZE);
    }
    buffer_wipe(&bytes);
    return good;
}

/* The next line of rest that is no comment. Returns false if there is none. */
static bool next_line(struct slice *rest, struct slice *line)
{
    while (rest->len > 0) {
        *line = slice_take_until(rest, '\n');
        if (line->len > 0 && line->data[line->len - 1] == '\r') {
            line->len--;
        }
        if (line->len > 0 && line->data[0] != '#') {
            return true;
        }
    }
    return false;
}

/* Take the key of a line, which is the next in keys. */
static bool take_key(struct seal_keys *keys, struct slice line)
{
    uint8_t bytes[SEAL_KEY_SIZE];
    bool good = keys->count < SEAL_KEYS_MAX && read_line(line, private_mark, bytes) &&
                seal_key_of(&keys->of[keys->count], bytes) == ERR_OK;
    keys->count += good ? 1 : 0;
    explicit_bzero(bytes, sizeof bytes);
    return good;
}

enum err seal_file_read_keys(struct seal_keys *out, const char *path, struct errinfo *info)
{
    struct buffer text;
    struct slice line;
    *out = (struct seal_keys){0};
    enum err err = read_file(&text, path, true, info);
    struct slice rest = {buffer_str(&text), text.len};
    while (err == ERR_OK && next_line(&rest, &line)) {
        if (!take_key(out, line)) {
            err = err_set(info, ERR_CONFIG, "%s: a line is no key, or there are more than %d", path,
                          SEAL_KEYS_MAX);
        }
    }
    if (err == ERR_OK && out->count == 0) {
        err = err_set(info, ERR_CONFIG, "%s holds no key: dronc-admin seal-key new makes one", path);
    }
    if (err != ERR_OK) {
        seal_keys_wipe(out);
    }
    buffer_wipe(&text);
    return err;
}

enum err seal_file_read_public(struct seal_public *out, const char *path, struct errinfo *info)
{
    struct buffer text;
    struct slice line;
    uint8_t bytes[SEAL_KEY_SIZE];
    enum err err = read_file(&text, path, false, info);
    struct slice rest = {buffer_str(&text), text.len};
    bool good = err == ERR_OK && next_line(&rest, &line) && read_line(line, public_mark, bytes) &&
                !next_line(&rest, &line) && seal_public_of(out, bytes) == ERR_OK;
    if (err == ERR_OK && !good) {
        err = err_set(info, ERR_CONFIG, "%s is not a file with one public key", path);
    }
    buffer_wipe(&text);
    return err;
}

void seal_keys_wipe(struct seal_keys *keys)
{
    explicit_bzero(keys, sizeof *keys);
}

static void add_line(struct buffer *out, const char *mark, const uint8_t bytes[SEAL_KEY_SIZE])
{
    buffer_add_str(out, mark);
    base64_encode(out, (struct slice){(const char *)bytes, SEAL_KEY_SIZE});
    buffer_add_char(out, '\n');
}

void seal_file_write_keys(struct buffer *out, const struct seal_keys *keys)
{
    buffer_add_str(out,
                   "# Opens what Dronc has sealed. The newest first. For the runner alone: SECRETS_KEY.\n");
    for (size_t i = 0; i < keys->count; i++) {
        add_line(out, private_mark, keys->of[i].bytes);
    }
}

void seal_file_write_public(struct buffer *out, const struct seal_public *key)
{
    buffer_add_str(out, "# Seals secrets, and opens none. For the handler: SECRETS_PUBLIC_KEY.\n");
    add_line(out, public_mark, key->bytes);
}
