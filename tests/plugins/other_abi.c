/* SPDX-License-Identifier: Apache-2.0 */
/* Built for an ABI that does not exist yet. */
#include <budpipeline/action.h>

const struct bp_plugin *bp_plugin_entry(void) {
        static const struct bp_plugin plugin = {
                .struct_size = sizeof(plugin), .abi_version = 7, .name = "other_abi", .version = "1.0.0"};

        return &plugin;
}
