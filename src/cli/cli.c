/* SPDX-License-Identifier: Apache-2.0 */
/* What the two output streams can show, and the program's own messages. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/utf8.h"
#include "cli/command.h"

static bool is_set(const char *name) {
        const char *value = getenv(name);

        return value && *value;
}

static bool wants_colour(const char *choice, bool is_terminal) {
        const char *terminal = getenv("TERM");

        if (strcmp(choice, "auto") != 0)
                return strcmp(choice, "always") == 0;
        return is_terminal && !is_set("NO_COLOR") && terminal && strcmp(terminal, "dumb") != 0;
}

/* As setlocale() would choose, without loading a locale. */
static bool locale_is_utf8(void) {
        static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                const char *value = getenv(names[i]);

                if (value && *value)
                        return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
        }
        return false;
}

void bp_cli_init(struct bp_cli *cli, FILE *out, FILE *err, const char *colour) {
        *cli = (struct bp_cli){.out = out, .err = err, .utf8 = locale_is_utf8()};
        cli->out_is_terminal = isatty(fileno(out)) == 1;
        cli->err_is_terminal = isatty(fileno(err)) == 1;
        cli->out_colour = wants_colour(colour, cli->out_is_terminal);
        cli->err_colour = wants_colour(colour, cli->err_is_terminal);
}

static const char *const sequences[] = {
        [BP_STYLE_PLAIN] = "\033[0m", [BP_STYLE_BOLD] = "\033[1m",   [BP_STYLE_DIM] = "\033[2m",
        [BP_STYLE_RED] = "\033[31m",  [BP_STYLE_GREEN] = "\033[32m", [BP_STYLE_YELLOW] = "\033[33m",
        [BP_STYLE_CYAN] = "\033[36m",
};

const char *bp_style_text(bool colour, enum bp_style style) {
        return colour ? sequences[style] : "";
}

/* C0, DEL and C1 controls, and the marks that reorder text. */
static bool is_steering(uint32_t code_point) {
        return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) ||
               (code_point >= 0x202A && code_point <= 0x202E) || (code_point >= 0x2066 && code_point <= 0x2069);
}

static void show_escaped(struct bp_strbuf *buffer, uint32_t code_point) {
        if (code_point == '\n')
                bp_strbuf_add_text(buffer, "\\n");
        else if (code_point == '\t')
                bp_strbuf_add_char(buffer, ' ');
        else
                bp_strbuf_printf(buffer, "\\x%02x", (unsigned int)code_point);
}

/* First and last code point of what takes two columns, and of what takes none. */
static const uint32_t wide[][2] = {{0x1100, 0x115F},   {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},  {0xF900, 0xFAFF},
                                   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F},
                                   {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
static const uint32_t without_width[][2] = {{0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}};

static bool is_within(uint32_t code_point, const uint32_t (*ranges)[2], size_t n_ranges) {
        for (size_t i = 0; i < n_ranges; i++)
                if (code_point >= ranges[i][0] && code_point <= ranges[i][1])
                        return true;
        return false;
}

static size_t columns_of(uint32_t code_point) {
        if (is_within(code_point, without_width, sizeof(without_width) / sizeof(without_width[0])))
                return 0;
        return is_within(code_point, wide, sizeof(wide) / sizeof(wide[0])) ? 2 : 1;
}

size_t bp_text_columns(const char *text) {
        size_t size = strlen(text), columns = 0, taken;

        for (size_t at = 0; at < size; at += taken)
                columns += columns_of(bp_utf8_decode(text + at, &taken));
        return columns;
}

static void add_visible(struct bp_strbuf *buffer, const char *text, size_t size) {
        size_t taken;

        for (size_t at = 0; at < size; at += taken) {
                uint32_t code_point = bp_utf8_decode(text + at, &taken);

                if (is_steering(code_point))
                        show_escaped(buffer, code_point);
                else
                        bp_strbuf_add(buffer, text + at, taken);
        }
}

/* Cuts what was appended from `start` on. */
static void cut_to_columns(struct bp_strbuf *buffer, size_t start, size_t columns) {
        size_t at = start, used = 0, taken, keep = columns > 3 ? columns - 3 : 0;

        while (at < buffer->size) {
                size_t width = columns_of(bp_utf8_decode(buffer->text + at, &taken));

                if (used + width > keep)
                        break;
                used += width;
                at += taken;
        }
        buffer->size = at;
        buffer->text[at] = '\0';
        bp_strbuf_add(buffer, "...", columns < 3 ? columns : 3);
}

void bp_show_text(struct bp_strbuf *buffer, const char *text, size_t columns) {
        size_t size = strlen(text), start = buffer->size;

        if (!bp_utf8_valid(text, size)) {
                bp_strbuf_add_text(buffer, "(text that is not UTF-8)");
                return;
        }
        add_visible(buffer, text, size);
        if (columns && !buffer->error && size && bp_text_columns(buffer->text + start) > columns)
                cut_to_columns(buffer, start, columns);
}

__attribute__((format(printf, 4, 0))) static void say(const struct bp_cli *cli, enum bp_style style, const char *word,
                                                      const char *format, va_list arguments) {
        char message[1024];
        struct bp_strbuf line;

        vsnprintf(message, sizeof(message), format, arguments);
        bp_strbuf_init(&line, NULL, SIZE_MAX);
        bp_show_text(&line, message, 0);
        fprintf(cli->err, "budpipeline: %s%s:%s %s\n", bp_style_text(cli->err_colour, style), word,
                bp_style_text(cli->err_colour, BP_STYLE_PLAIN), bp_strbuf_text(&line));
        bp_strbuf_done(&line);
}

void bp_cli_error(const struct bp_cli *cli, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        say(cli, BP_STYLE_RED, "error", format, arguments);
        va_end(arguments);
}

void bp_cli_warning(const struct bp_cli *cli, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        say(cli, BP_STYLE_YELLOW, "warning", format, arguments);
        va_end(arguments);
}

int bp_cli_no_memory(const struct bp_cli *cli) {
        bp_cli_error(cli, "out of memory");
        return BP_EXIT_FAILED;
}

int bp_cli_write(const struct bp_cli *cli, const struct bp_strbuf *text) {
        if (text->error)
                return bp_cli_no_memory(cli);
        if (text->size && fwrite(text->text, 1, text->size, cli->out) != text->size)
                return BP_EXIT_FAILED; /* main() names the reason */
        return BP_EXIT_COMPLETED;
}
