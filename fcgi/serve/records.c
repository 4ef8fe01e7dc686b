/* records: FastCGI 1.0, sections 3.3 and 3.4, as far as a responder needs them. */
#include "serve/records.h"

#include <string.h>

#define HEADER_LEN     8
#define BEGIN_LEN      8
#define ROLE_RESPONDER 1

enum {
    BEGIN_REQUEST = 1,
    END_REQUEST = 3,
    PARAMS = 4,
    STDIN = 5,
    STDOUT = 6
};

struct record {
    unsigned version;
    unsigned type;
    unsigned id;
    const unsigned char *content;
    size_t len;     /* of the content */
    size_t padding; /* after it */
};

/* Read the record at the beginning of bytes. Returns false if it is incomplete. */
static bool take_record(struct slice bytes, struct record *record)
{
    const unsigned char *head = (const unsigned char *)bytes.data;

    if (bytes.len < HEADER_LEN) {
        return false;
    }
    record->version = head[0];
    record->type = head[1];
    record->id = (unsigned)(head[2] << 8 | head[3]);
    record->content = head + HEADER_LEN;
    record->len = (size_t)(head[4] << 8 | head[5]);
    record->padding = head[6];
    return bytes.len - HEADER_LEN >= record->len + record->padding;
}

static enum records_state refuse(struct records *records, const char *problem)
{
    records->problem = problem;
    return RECORDS_BAD;
}

/* ---- parameters ---- */

/* Append the contents of all records of parameters to out. */
static void gather(struct buffer *out, struct slice bytes)
{
    struct record record;

    while (take_record(bytes, &record)) {
        size_t step = HEADER_LEN + record.len + record.padding;
        if (record.type == PARAMS) {
            buffer_add(out, record.content, record.len);
        }
        bytes.data += step;
        bytes.len -= step;
    }
}

/* Read a length of one byte, or of four with the first bit set. Returns false if it is cut off. */
static bool take_length(struct slice *rest, size_t *len)
{
    const unsigned char *b = (const unsigned char *)rest->data;
    size_t size = rest->len > 0 && b[0] >= 0x80 ? 4 : 1;

    if (rest->len < size) {
        return false;
    }
    *len = size == 1 ? b[0]
                     : (size_t)(b[0] & 0x7F) << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | (size_t)b[3];
    rest->data += size;
    rest->len -= size;
    return true;
}

/* Does each name and each value end within the parameters? */
static bool are_pairs(struct slice rest)
{
    while (rest.len > 0) {
        size_t name;
        size_t value;

        if (!take_length(&rest, &name) || !take_length(&rest, &value) || name > rest.len ||
            value > rest.len - name) {
            return false;
        }
        rest.data += name + value;
        rest.len -= name + value;
    }
    return true;
}

static enum records_state end_params(struct records *records, struct slice bytes)
{
    struct buffer params = {0};

    gather(&params, bytes);
    bool good = buffer_error(&params) == ERR_OK && are_pairs((struct slice){params.data, params.len});
    buffer_fini(&params);
    records->params_whole = true;
    return good ? RECORDS_MORE : refuse(records, "a parameter is longer than the parameters");
}

/* ---- records ---- */

static enum records_state begin(struct records *records, const struct record *record)
{
    if (record->type != BEGIN_REQUEST || record->len != BEGIN_LEN || record->padding > 0) {
        return refuse(records, "it does not begin with the beginning of a request");
    }
    if (record->id == 0 || (record->content[0] << 8 | record->content[1]) != ROLE_RESPONDER) {
        return refuse(records, "it is not for a responder");
    }
    records->id = record->id;
    return RECORDS_MORE;
}

static enum records_state read_param(struct records *records, const struct record *record, struct slice bytes)
{
    records->params_len += record->len;
    if (records->params_len > RECORDS_PARAMS_MAX) {
        return refuse(records, "its parameters are too long");
    }
    return record->len == 0 ? end_params(records, bytes) : RECORDS_MORE;
}

/* bytes: everything up to the end of this record. */
static enum records_state read_one(struct records *records, const struct record *record, struct slice bytes)
{
    if (record->version != 1) {
        return refuse(records, "it is not FastCGI 1");
    }
    if (records->id == 0) {
        return begin(records, record);
    }
    if (record->id != records->id || record->type != (records->params_whole ? STDIN : PARAMS)) {
        return refuse(records, "a record is out of place");
    }
    if (records->params_whole) {
        return record->len == 0 ? RECORDS_WHOLE : RECORDS_MORE;
    }
    return read_param(records, record, bytes);
}

enum records_state records_read(struct records *records, struct slice bytes)
{
    enum records_state state = RECORDS_MORE;
    struct record record;

    if (bytes.len > 0 && bytes.data[0] != 1) { /* so its lengths mean nothing */
        return refuse(records, "it is not FastCGI 1");
    }
    while (state == RECORDS_MORE &&
           take_record((struct slice){bytes.data + records->at, bytes.len - records->at}, &record)) {
        records->at += HEADER_LEN + record.len + record.padding;
        state = read_one(records, &record, (struct slice){bytes.data, records->at});
    }
    return state;
}

/* ---- answers ---- */

static void put_header(struct buffer *out, unsigned type, unsigned id, size_t len)
{
    unsigned char header[HEADER_LEN] = {1,
                                        (unsigned char)type,
                                        (unsigned char)(id >> 8),
                                        (unsigned char)id,
                                        (unsigned char)(len >> 8),
                                        (unsigned char)len};

    buffer_add(out, header, sizeof header);
}

void records_answer(struct buffer *out, unsigned id, const char *text)
{
    static const unsigned char end[8] = {0};
    size_t len = strlen(text);

    put_header(out, STDOUT, id, len);
    buffer_add(out, text, len);
    put_header(out, STDOUT, id, 0);
    put_header(out, END_REQUEST, id, sizeof end);
    buffer_add(out, end, sizeof end);
}
