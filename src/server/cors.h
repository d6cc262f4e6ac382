/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file cors.h
 * Which pages of other origins may ask, and that no other one can. Private to the room.
 */
#ifndef BP_SERVER_CORS_H
#define BP_SERVER_CORS_H

#include <stdint.h>

struct bp_request;

/**
 * Adds what tells the browser that a page of an allowed origin may read the answer. Refuses a request that changes
 * something and comes from a page of another origin: a browser would send it without asking first.
 */
void bp_cors_check(struct bp_request *request);

/** Answers OPTIONS: the methods of the path (bits of enum bp_method), and for a browser's question ahead what it may
 * send. */
void bp_cors_answer_options(struct bp_request *request, uint32_t methods);

/** "GET, HEAD, OPTIONS" of bits of methods. @return `text` */
char *bp_cors_methods(uint32_t methods, char text[64]);

#endif
