/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test includes first. The contract comes before cmocka, whose macro `fail` would hide a member of it.
 */
#ifndef BP_TESTS_UNIT_H
#define BP_TESTS_UNIT_H

#include <budpipeline/action.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
