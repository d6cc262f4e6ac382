/* SPDX-License-Identifier: Apache-2.0 */
/* What is run: chains, fans and waits. Each step but the first reads what the step before it gave, through a template.
 */
#include <stdlib.h>
#include <string.h>

#include "load.h"

static void write_effect(FILE *out, const struct load_options *options) {
        if (strcmp(options->effect, "pure") != 0)
                fprintf(out, ",\"effect\":\"%s\"", options->effect);
}

static void write_first(FILE *out, const struct load_options *options, unsigned value) {
        fprintf(out, "{\"id\":\"s0\",\"name\":\"s0\",\"action\":\"set_output\",\"params\":{\"outputs\":{\"n\":%u}}",
                value);
        write_effect(out, options);
        fputc('}', out);
}

static void write_chain(FILE *out, const struct load_options *options) {
        write_first(out, options, 0);
        for (unsigned i = 1; i < options->steps; i++) {
                fprintf(out,
                        ",{\"id\":\"s%u\",\"name\":\"s%u\",\"action\":\"set_output\",\"depends_on\":[\"s%u\"],"
                        "\"params\":{\"outputs\":{\"n\":\"{{ steps.s%u.outputs.n + 1 }}\"}}",
                        i, i, i - 1, i - 1);
                write_effect(out, options);
                fputc('}', out);
        }
}

static void write_fan(FILE *out, const struct load_options *options) {
        write_first(out, options, 1);
        for (unsigned i = 1; i <= options->width; i++) {
                fprintf(out,
                        ",{\"id\":\"p%u\",\"name\":\"p%u\",\"action\":\"set_output\",\"depends_on\":[\"s0\"],"
                        "\"params\":{\"outputs\":{\"n\":\"{{ steps.s0.outputs.n + %u }}\"}}",
                        i, i, i);
                write_effect(out, options);
                fputc('}', out);
        }
        fputs(",{\"id\":\"join\",\"name\":\"join\",\"action\":\"set_output\",\"depends_on\":[", out);
        for (unsigned i = 1; i <= options->width; i++)
                fprintf(out, "%s\"p%u\"", i > 1 ? "," : "", i);
        fprintf(out, "],\"params\":{\"outputs\":{\"n\":\"{{ steps.p1.outputs.n + steps.p%u.outputs.n }}\"}}",
                options->width);
        write_effect(out, options);
        fputc('}', out);
}

static void write_delay(FILE *out) {
        fputs("{\"id\":\"pause\",\"name\":\"pause\",\"action\":\"delay\",\"params\":{\"duration_seconds\":3600}},"
              "{\"id\":\"last\",\"name\":\"last\",\"action\":\"set_output\",\"depends_on\":[\"pause\"],"
              "\"params\":{\"outputs\":{\"n\":\"{{ steps.pause.outputs.duration_seconds }}\"}}}",
              out);
}

char *load_definition(const struct load_options *options) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                load_die("no memory");
        fprintf(out, "{\"name\":\"load %s %s %u %ld\",\"settings\":{\"max_parallel_steps\":100},\"steps\":[",
                options->workload, options->effect,
                strcmp(options->workload, "fan") == 0 ? options->width : options->steps, (long)(load_now() / 1000));
        if (strcmp(options->workload, "chain") == 0)
                write_chain(out, options);
        else if (strcmp(options->workload, "fan") == 0)
                write_fan(out, options);
        else
                write_delay(out);
        if (strcmp(options->workload, "chain") == 0)
                fprintf(out, "],\"outputs\":{\"last\":\"{{ steps.s%u.outputs.n }}\"}}", options->steps - 1);
        else
                fprintf(out, "],\"outputs\":{\"last\":\"{{ steps.%s.outputs.n }}\"}}",
                        strcmp(options->workload, "fan") == 0 ? "join" : "last");
        if (fclose(out))
                load_die("no memory");
        return text;
}

unsigned load_expected(const struct load_options *options) {
        if (strcmp(options->workload, "chain") == 0)
                return options->steps - 1;
        return strcmp(options->workload, "fan") == 0 ? options->width + 3 : 3600;
}
