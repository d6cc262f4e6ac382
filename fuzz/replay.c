/* SPDX-License-Identifier: Apache-2.0 */
/* Gives a fuzz target the inputs of its corpus once each: what was found stays found, with every compiler. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes are copied into memory of exactly their size, so that a read beyond them is seen. */
static int replay(const char *folder, const char *name) {
        char path[4096];
        struct stat status;
        uint8_t *bytes;
        FILE *file;
        size_t size;

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        file = fopen(path, "rbe");
        if (!file || fstat(fileno(file), &status) < 0) {
                fprintf(stderr, "%s: %s\n", path, strerror(errno));
                if (file)
                        fclose(file);
                return -1;
        }
        size = (size_t)status.st_size;
        bytes = malloc(size ? size : 1);
        if (bytes && fread(bytes, 1, size, file) == size) {
                fprintf(stderr, "%s\n", path);
                LLVMFuzzerTestOneInput(bytes, size);
        }
        free(bytes);
        fclose(file);
        return 0;
}

int main(int argc, char **argv) {
        struct dirent **names;
        int count, failed = 0;

        if (argc != 2) {
                fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
                return EXIT_FAILURE;
        }
        count = scandir(argv[1], &names, NULL, alphasort);
        if (count <= 2) {
                fprintf(stderr, "%s: no inputs\n", argv[1]);
                return EXIT_FAILURE;
        }
        for (int i = 0; i < count; i++) {
                if (names[i]->d_name[0] != '.' && replay(argv[1], names[i]->d_name) < 0)
                        failed = 1;
                free(names[i]);
        }
        free(names);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
