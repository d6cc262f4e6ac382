/* SPDX-License-Identifier: Apache-2.0 */
/* Loads libcurl on first use. The table is written once, before anyone can read it, and never again. */
#define BP_CURL_LIBRARY_ITSELF
#include "http/curl_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

static const char library_name[] = "libcurl.so.4";

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct bp_curl functions;
static bool is_loaded;

/* A function's address goes through memory, since C does not convert an object pointer into a function pointer. */
static bool find(void *library, const char *name, void *ret_function) {
        void *address = dlsym(library, name);

        memcpy(ret_function, &address, sizeof(address));
        return address != NULL;
}

static void load(void) {
        void *library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);

        if (!library)
                return;
#define FIND(name) find(library, #name, &functions.name) &&
        is_loaded = BP_CURL_FUNCTIONS(FIND) functions.curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
#undef FIND
}

int bp_curl_load(void) {
        pthread_once(&once, load);
        return is_loaded ? 0 : -ELIBACC;
}

const struct bp_curl *bp_curl(void) {
        return &functions;
}
