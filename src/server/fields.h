/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file fields.h
 * Parameters and body of a request held against the tables of its route. Private to the room.
 */
#ifndef BP_SERVER_FIELDS_H
#define BP_SERVER_FIELDS_H

struct bp_findings;
struct bp_request;

/** Checks the fields of path, query and headers, and keeps those that are there. @return 0, BP_TARGET_MALFORMED (the
 * query cannot be decoded), -ENOMEM */
int bp_fields_check(struct bp_request *request, struct bp_findings *findings);

/** Reads the body and checks it; fills `request->body`. @return 0 or -ENOMEM */
int bp_body_check(struct bp_request *request, struct bp_findings *findings);

#endif
