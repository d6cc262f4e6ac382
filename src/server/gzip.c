/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <zlib.h>

#include "base/memory.h"
#include "server/server.h"

enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8 };

int bp_gzip(const char *bytes, size_t size, char **ret_bytes, size_t *ret_size) {
        z_stream stream = {0};
        size_t capacity;
        char *packed;

        if (size > UINT_MAX / 2)
                return -E2BIG;
        if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) !=
            Z_OK)
                return -ENOMEM;
        capacity = deflateBound(&stream, size);
        packed = bp_calloc(capacity, 1);
        if (!packed) {
                deflateEnd(&stream);
                return -ENOMEM;
        }
        stream.next_in = (z_const Bytef *)(uintptr_t)bytes;
        stream.avail_in = (uInt)size;
        stream.next_out = (Bytef *)packed;
        stream.avail_out = (uInt)capacity;
        deflate(&stream, Z_FINISH); /* the output has room for any input of this size */
        *ret_size = stream.total_out;
        *ret_bytes = packed;
        deflateEnd(&stream);
        return 0;
}
