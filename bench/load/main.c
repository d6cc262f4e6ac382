/* SPDX-License-Identifier: Apache-2.0 */
/* The load generator: see --help, or options.c. */
#include <sys/resource.h>

#include "load.h"

int main(int argc, char **argv) {
        struct load_options options;

        struct rlimit files;

        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur = files.rlim_max;
                setrlimit(RLIMIT_NOFILE, &files);
        }
        load_options_read(&options, argc, argv);
        switch (options.mode) {
        case LOAD_EXECUTIONS:
                return load_executions(&options);
        case LOAD_GET:
                return load_get(&options);
        case LOAD_STREAM:
                return load_stream(&options);
        }
        return 2;
}
