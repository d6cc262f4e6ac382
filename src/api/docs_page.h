/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file docs_page.h
 * The page that shows the OpenAPI document: docs.html, made part of the program by embed.py. Private to the room.
 */
#ifndef BP_API_DOCS_PAGE_H
#define BP_API_DOCS_PAGE_H

#include <stddef.h>

/** The page, complete: it asks no other host for anything. */
extern const char bp_api_docs_page[];

/** Its size. */
extern const size_t bp_api_docs_page_size;

/** Its Content-Security-Policy: its own script and style by their hashes, and requests to this host. */
extern const char bp_api_docs_page_policy[];

#endif
