/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file sanitized.h
 * Whether this is a build for the address or the thread sanitizer, which reserve more memory than any bound allows.
 */
#ifndef BP_BASE_SANITIZED_H
#define BP_BASE_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
/** 1 in such a build, else 0, for code and for the preprocessor. gcc has names for them. */
#define BP_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
/** clang has features. */
#define BP_SANITIZED 1
#endif
#endif
#ifndef BP_SANITIZED
/** Neither. */
#define BP_SANITIZED 0
#endif

#endif
