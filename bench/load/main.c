/* SPDX-License-Identifier: Apache-2.0 */
/* The load generator: see --help, or options.c. */
#include <sys/resource.h>

#include "load.h"

int main(int argc, char **argv) {
        struct load_options options;
        struct rlimit files;
        int code = 2;

        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur = files.rlim_max;
                setrlimit(RLIMIT_NOFILE, &files);
        }
        load_options_read(&options, argc, argv);
        switch (options.mode) {
        case LOAD_EXECUTIONS:
                code = load_executions(&options);
                break;
        case LOAD_GET:
                code = load_get(&options);
                break;
        case LOAD_STREAM:
                code = load_stream(&options);
                break;
        }
        load_options_done(&options);
        return code;
}
