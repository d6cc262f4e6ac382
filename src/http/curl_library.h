/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, loaded when the first client is made: with everything it needs it takes longer to load than most commands
 * take to run, and most never send a request. This header stands in for <curl/curl.h>: the functions listed here are
 * called by their own names.
 */
#ifndef BP_HTTP_CURL_LIBRARY_H
#define BP_HTTP_CURL_LIBRARY_H

#include <curl/curl.h>

/* libcurl defines some of its functions as macros that check types; the table needs the functions. */
#undef curl_easy_getinfo
#undef curl_easy_setopt
#undef curl_multi_setopt

/** Every function of libcurl that this room calls. */
#define BP_CURL_FUNCTIONS(_)        \
        _(curl_easy_cleanup)        \
        _(curl_easy_getinfo)        \
        _(curl_easy_init)           \
        _(curl_easy_setopt)         \
        _(curl_easy_strerror)       \
        _(curl_free)                \
        _(curl_global_init)         \
        _(curl_multi_add_handle)    \
        _(curl_multi_cleanup)       \
        _(curl_multi_info_read)     \
        _(curl_multi_init)          \
        _(curl_multi_remove_handle) \
        _(curl_multi_setopt)        \
        _(curl_multi_socket_action) \
        _(curl_slist_append)        \
        _(curl_slist_free_all)      \
        _(curl_url)                 \
        _(curl_url_cleanup)         \
        _(curl_url_get)             \
        _(curl_url_set)             \
        _(curl_url_strerror)

#define BP_CURL_MEMBER_(name) __typeof__(&name) name;

/** The functions, under their own names. */
struct bp_curl {
        BP_CURL_FUNCTIONS(BP_CURL_MEMBER_)
};

/** Loads and initialises libcurl, once in a process. Any thread. @return 0, or -ELIBACC when it cannot be loaded. */
int bp_curl_load(void);

/** The functions, once bp_curl_load() has succeeded. */
const struct bp_curl *bp_curl(void);

#ifndef BP_CURL_LIBRARY_ITSELF
#define curl_easy_cleanup bp_curl()->curl_easy_cleanup
#define curl_easy_getinfo bp_curl()->curl_easy_getinfo
#define curl_easy_init bp_curl()->curl_easy_init
#define curl_easy_setopt bp_curl()->curl_easy_setopt
#define curl_easy_strerror bp_curl()->curl_easy_strerror
#define curl_free bp_curl()->curl_free
#define curl_multi_add_handle bp_curl()->curl_multi_add_handle
#define curl_multi_cleanup bp_curl()->curl_multi_cleanup
#define curl_multi_info_read bp_curl()->curl_multi_info_read
#define curl_multi_init bp_curl()->curl_multi_init
#define curl_multi_remove_handle bp_curl()->curl_multi_remove_handle
#define curl_multi_setopt bp_curl()->curl_multi_setopt
#define curl_multi_socket_action bp_curl()->curl_multi_socket_action
#define curl_slist_append bp_curl()->curl_slist_append
#define curl_slist_free_all bp_curl()->curl_slist_free_all
#define curl_url bp_curl()->curl_url
#define curl_url_cleanup bp_curl()->curl_url_cleanup
#define curl_url_get bp_curl()->curl_url_get
#define curl_url_set bp_curl()->curl_url_set
#define curl_url_strerror bp_curl()->curl_url_strerror
#endif

#endif
