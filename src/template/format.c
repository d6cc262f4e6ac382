/* SPDX-License-Identifier: Apache-2.0 */
/* Python's two ways to put values into a text: 'x %s' % value and 'x {}'.format(value). */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "template/number_format.h"

static int write_value_text(struct bp_evaluation *evaluation, const struct bp_value *value, char conversion,
                            struct bp_value *ret_text) {
        struct bp_strbuf buffer;
        int r;

        if (conversion == 's')
                return bp_text_of(evaluation, value, ret_text);
        bp_text_init(evaluation, &buffer);
        r = bp_text_write_repr(evaluation, &buffer, value);
        return r != 0 ? r : bp_text_close(evaluation, &buffer, ret_text);
}

/* ---- percent ---- */

struct percent {
        struct bp_evaluation *evaluation;
        const char *at, *end;
        struct bp_value values; /* the tuple, or the one value */
        uint32_t next;
        bool is_tuple, markup;
        struct bp_strbuf output;
};

static int next_value(struct percent *percent, struct bp_value *ret_value) {
        if (percent->is_tuple ? percent->next >= percent->values.count : percent->next > 0)
                return bp_eval_type_error(percent->evaluation, "not enough arguments for format string");
        *ret_value = percent->is_tuple ? percent->values.as.items[percent->next] : percent->values;
        percent->next++;
        return 0;
}

/* (name): the parentheses nest. */
static int keyed_value(struct percent *percent, struct bp_value *ret_value) {
        const char *start = ++percent->at;
        struct bp_value key;
        int depth = 1, r;
        bool found = false;

        if (percent->is_tuple || !(bp_value_is_mapping(&percent->values) || bp_value_is_undefined(&percent->values)))
                return bp_eval_type_error(percent->evaluation, "format requires a mapping");
        for (; percent->at < percent->end && depth > 0; percent->at++)
                depth += *percent->at == '(' ? 1 : *percent->at == ')' ? -1 : 0;
        if (depth > 0)
                return bp_eval_type_error(percent->evaluation, "incomplete format key");
        percent->next = 1;
        if (bp_value_is_undefined(&percent->values)) {
                *ret_value = percent->values;
                return 0;
        }
        key = bp_value_text_borrow(start, (size_t)(percent->at - 1 - start));
        r = bp_mapping_get(percent->evaluation, &percent->values, &key, &found, ret_value);
        if (r == 0 && !found)
                r = bp_eval_type_error(percent->evaluation, "format: no key '%.*s'", (int)key.count, key.as.text);
        return r;
}

static int read_number(struct percent *percent, int64_t *ret_number) {
        struct bp_value value;
        int r;

        *ret_number = 0;
        if (percent->at < percent->end && *percent->at == '*') {
                percent->at++;
                r = next_value(percent, &value);
                if (r == 0 && !bp_value_integer(&value, ret_number))
                        r = bp_eval_type_error(percent->evaluation, "* wants int");
                return r;
        }
        for (; percent->at < percent->end && *percent->at >= '0' && *percent->at <= '9'; percent->at++)
                if (*ret_number < INT32_MAX)
                        *ret_number = *ret_number * 10 + (*percent->at - '0');
        return 0;
}

static void read_flags(struct percent *percent, struct bp_format_spec *spec) {
        for (; percent->at < percent->end && strchr("-+ #0", *percent->at); percent->at++) {
                switch (*percent->at) {
                case '-':
                        spec->align = '<';
                        break;
                case '+':
                        spec->sign = '+';
                        break;
                case ' ':
                        spec->sign = spec->sign ? spec->sign : ' ';
                        break;
                case '#':
                        spec->alternate = true;
                        break;
                default:
                        spec->zero = true;
                }
        }
}

static int read_spec(struct percent *percent, struct bp_format_spec *spec) {
        int r;

        read_flags(percent, spec);
        r = read_number(percent, &spec->width);
        if (r != 0)
                return r;
        if (spec->width < 0) {
                spec->align = '<';
                spec->width = -spec->width;
        }
        if (percent->at < percent->end && *percent->at == '.') {
                percent->at++;
                r = read_number(percent, &spec->precision);
                if (spec->precision < 0)
                        spec->precision = 0;
        }
        while (percent->at < percent->end && strchr("hlL", *percent->at))
                percent->at++;
        if (r == 0 && percent->at >= percent->end)
                return bp_eval_type_error(percent->evaluation, "incomplete format");
        return r;
}

static int percent_text(struct percent *percent, const struct bp_format_spec *spec, const struct bp_value *value,
                        char conversion) {
        struct bp_value text;
        int r = write_value_text(percent->evaluation, value, conversion, &text);

        if (r == 0 && percent->markup)
                r = bp_text_escape(percent->evaluation, &text, &text);
        return r != 0 ? r : bp_format_text(percent->evaluation, spec, text.as.text, text.count, '>', &percent->output);
}

static int percent_integer(struct percent *percent, struct bp_format_spec *spec, const struct bp_value *value,
                           char conversion) {
        int64_t integer;

        if (bp_value_is_undefined(value))
                return bp_eval_undefined_error(percent->evaluation, value);
        if (value->type == BP_FLOAT && strchr("diu", conversion)) {
                if (!(fabs(value->as.number) < 9223372036854775808.0))
                        return bp_eval_fail(percent->evaluation, "TEMPLATE_ARITHMETIC", "the number is beyond 64 bits");
                integer = (int64_t)value->as.number;
        } else if (!bp_value_integer(value, &integer)) {
                return bp_eval_type_error(percent->evaluation, "%%%c needs a number, not '%s'", conversion,
                                          bp_value_kind(value));
        }
        spec->type = strchr("diu", conversion) ? 'd' : conversion;
        if (spec->precision > 0) {
                struct bp_format_spec digits = {.zero = true,
                                                .width = spec->precision + (integer < 0 || spec->sign),
                                                .precision = -1,
                                                .type = spec->type,
                                                .sign = spec->sign,
                                                .alternate = spec->alternate};
                struct bp_strbuf text;
                int r;

                bp_text_init(percent->evaluation, &text);
                r = bp_format_integer(percent->evaluation, &digits, integer, &text);
                if (r != 0)
                        return r;
                spec->precision = -1;
                return bp_format_text(percent->evaluation, spec, bp_strbuf_text(&text), text.size, '>',
                                      &percent->output);
        }
        return bp_format_integer(percent->evaluation, spec, integer, &percent->output);
}

static int percent_float(struct percent *percent, struct bp_format_spec *spec, const struct bp_value *value,
                         char conversion) {
        if (bp_value_is_undefined(value))
                return bp_eval_undefined_error(percent->evaluation, value);
        if (value->type != BP_FLOAT && value->type != BP_INT && value->type != BP_BOOL)
                return bp_eval_type_error(percent->evaluation, "must be real number, not %s", bp_value_kind(value));
        spec->type = conversion;
        return bp_format_float(percent->evaluation, spec, bp_value_as_float(value), &percent->output);
}

static int percent_character(struct percent *percent, struct bp_format_spec *spec, const struct bp_value *value) {
        int64_t integer;

        spec->precision = -1;
        if (value->type == BP_STRING && bp_text_length(value) == 1)
                return bp_format_text(percent->evaluation, spec, value->as.text, value->count, '>', &percent->output);
        if (!bp_value_integer(value, &integer))
                return bp_eval_type_error(percent->evaluation, "%%c requires int or char");
        spec->type = 'c';
        return bp_format_integer(percent->evaluation, spec, integer, &percent->output);
}

/* `at` is behind a percent sign. */
static int convert(struct percent *percent) {
        struct bp_format_spec spec = {.precision = -1};
        struct bp_value value = {0};
        char conversion;
        int r = 0;

        if (percent->at < percent->end && *percent->at == '(')
                r = keyed_value(percent, &value);
        if (r == 0)
                r = read_spec(percent, &spec);
        if (r != 0)
                return r;
        conversion = *percent->at++;
        if (conversion == '%') {
                bp_strbuf_add_char(&percent->output, '%');
                return 0;
        }
        if (!strchr("sradiuoxXeEfFgGc", conversion))
                return bp_eval_type_error(percent->evaluation, "unsupported format character '%c'", conversion);
        if (value.type == BP_T_ABSENT)
                r = next_value(percent, &value);
        if (r != 0)
                return r;
        if (strchr("sra", conversion)) {
                spec.zero = false;
                return percent_text(percent, &spec, &value, conversion);
        }
        if (conversion == 'c')
                return percent_character(percent, &spec, &value);
        if (strchr("eEfFgG", conversion))
                return percent_float(percent, &spec, &value, conversion);
        return percent_integer(percent, &spec, &value, conversion);
}

/* Python lets anything with items go unused, but not a plain value or the rest of a tuple. */
static bool has_rest(const struct percent *percent) {
        if (percent->is_tuple)
                return percent->next < percent->values.count;
        if (percent->next > 0)
                return false;
        return percent->values.type <= BP_STRING || percent->values.type == BP_T_GENERATOR ||
               percent->values.type >= BP_T_NAMESPACE ||
               (percent->values.type == BP_LIST && !bp_value_is_sequence(&percent->values));
}

int bp_format_percent(struct bp_evaluation *evaluation, const struct bp_value *format, const struct bp_value *values,
                      struct bp_value *ret_text) {
        struct percent percent = {.evaluation = evaluation,
                                  .at = format->as.text,
                                  .end = format->as.text + format->count,
                                  .values = *values,
                                  .is_tuple = bp_value_is_tuple(values),
                                  .markup = bp_value_is_markup(format)};
        int r = 0;

        bp_text_init(evaluation, &percent.output);
        while (r == 0 && percent.at < percent.end) {
                const char *sign = memchr(percent.at, '%', (size_t)(percent.end - percent.at));

                bp_strbuf_add(&percent.output, percent.at, (size_t)((sign ? sign : percent.end) - percent.at));
                percent.at = sign ? sign + 1 : percent.end;
                if (sign)
                        r = convert(&percent);
        }
        if (r == 0 && has_rest(&percent))
                r = bp_eval_type_error(evaluation, "not all arguments converted during string formatting");
        if (r == 0)
                r = bp_text_close(evaluation, &percent.output, ret_text);
        if (r == 0 && percent.markup)
                ret_text->unused = BP_SHAPE_MARKUP;
        return r;
}

/* ---- braces ---- */

struct braces {
        struct bp_evaluation *evaluation;
        const struct bp_arguments *arguments;
        uint32_t next;
        bool automatic, manual;
};

static int positional(struct braces *braces, uint64_t number, struct bp_value *ret_value) {
        if (number >= braces->arguments->n_items)
                return bp_eval_type_error(braces->evaluation, "format() has no argument number %u", (unsigned)number);
        *ret_value = braces->arguments->items[number];
        return 0;
}

static int by_name(struct braces *braces, const char *name, size_t size, struct bp_value *ret_value) {
        for (uint32_t i = 0; i < braces->arguments->n_named; i++) {
                const struct bp_named_argument *argument = &braces->arguments->named[i];

                if (argument->name_size != size || memcmp(argument->name, name, size) != 0)
                        continue;
                *ret_value = *argument->value;
                return 0;
        }
        return bp_eval_type_error(braces->evaluation, "format() has no argument named '%.*s'", (int)size, name);
}

/* A number of a few digits. @return false when it is not one */
static bool read_index(const char *text, size_t size, int64_t *ret_index) {
        *ret_index = 0;
        if (size == 0 || size > 9)
                return false;
        for (size_t i = 0; i < size; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return false;
                *ret_index = *ret_index * 10 + (text[i] - '0');
        }
        return true;
}

static int first_of_field(struct braces *braces, const char *name, size_t size, struct bp_value *ret_value) {
        int64_t index;
        bool numbered = read_index(name, size, &index);

        if (size > 0 && !numbered)
                return by_name(braces, name, size, ret_value);
        braces->manual |= numbered;
        braces->automatic |= !numbered;
        if (braces->manual && braces->automatic)
                return bp_eval_type_error(braces->evaluation, "format() cannot mix '{}' and '{0}'");
        return positional(braces, numbered ? (uint64_t)index : braces->next++, ret_value);
}

/* An item that is there may be undefined all the same. */
static bool has_item(const struct bp_value *value, const struct bp_value *item) {
        return value->type == BP_LIST && item->type == BP_INT && item->as.integer >= 0 &&
               item->as.integer < (int64_t)value->count;
}

/* [key]: a number is an index. What is missing is an error here, not undefined. */
static int field_item(struct braces *braces, const char *key, size_t size, struct bp_value *value) {
        struct bp_value item = bp_value_text_borrow(key, size), found;
        int64_t index;
        int r;

        if (read_index(key, size, &index))
                item = bp_value_int(index);
        r = bp_access_item(braces->evaluation, value, &item, &found);
        if (r == 0 && bp_value_is_undefined(&found) && !bp_value_is_undefined(value) && !has_item(value, &item))
                r = bp_eval_type_error(braces->evaluation, "format() finds no '%.*s'", (int)size, key);
        if (r == 0)
                *value = found;
        return r;
}

/* name, name[key], name[key][key]; attributes are not reached this way. */
static int field_value(struct braces *braces, const char *field, size_t size, struct bp_value *ret_value) {
        size_t name = 0;
        int r;

        while (name < size && field[name] != '[' && field[name] != '.')
                name++;
        r = first_of_field(braces, field, name, ret_value);
        while (r == 0 && name < size) {
                const char *close = memchr(field + name, ']', size - name);

                if (field[name] != '[' || !close || close == field + name + 1)
                        return bp_eval_type_error(braces->evaluation, "format() cannot reach '%.*s'", (int)size, field);
                r = field_item(braces, field + name + 1, (size_t)(close - field) - name - 1, ret_value);
                name = (size_t)(close - field) + 1;
        }
        return r;
}

static bool is_align(char byte) {
        return byte == '<' || byte == '>' || byte == '^' || byte == '=';
}

static int64_t read_width(const char **at, const char *end) {
        int64_t number = 0;

        for (; *at < end && **at >= '0' && **at <= '9'; (*at)++)
                if (number < INT32_MAX)
                        number = number * 10 + (**at - '0');
        return number;
}

static int parse_spec(struct bp_evaluation *evaluation, const struct bp_value *text, struct bp_format_spec *spec) {
        const char *at = text->as.text, *end = at + text->count;
        size_t step = 0;

        *spec = (struct bp_format_spec){.precision = -1};
        if (at < end)
                bp_utf8_decode(at, &step);
        if (at + step < end && is_align(at[step])) {
                spec->fill = bp_utf8_decode(at, &step);
                spec->align = at[step];
                at += step + 1;
        } else if (at < end && is_align(*at)) {
                spec->align = *at++;
        }
        if (at < end && strchr("+- ", *at))
                spec->sign = *at++;
        if (at < end && *at == '#')
                spec->alternate = at++ != end;
        if (at < end && *at == '0')
                spec->zero = at++ != end;
        spec->width = read_width(&at, end);
        if (at < end && (*at == ',' || *at == '_'))
                spec->grouping = *at++;
        if (at < end && *at == '.') {
                if (++at == end || *at < '0' || *at > '9')
                        return bp_eval_type_error(evaluation, "format specifier missing precision");
                spec->precision = read_width(&at, end);
        }
        if (at < end)
                spec->type = *at++;
        return at < end ? bp_eval_type_error(evaluation, "invalid format specifier '%s'", text->as.text) : 0;
}

static int unknown_code(struct bp_evaluation *evaluation, const struct bp_format_spec *spec,
                        const struct bp_value *value) {
        return bp_eval_type_error(evaluation, "unknown format code '%c' for '%s'", spec->type ? spec->type : '?',
                                  bp_value_kind(value));
}

static int format_value(struct bp_evaluation *evaluation, const struct bp_value *value,
                        const struct bp_format_spec *spec, struct bp_strbuf *output) {
        struct bp_format_spec own = *spec;
        int64_t integer;
        bool is_integer = bp_value_integer(value, &integer);

        if (value->type == BP_STRING) {
                if ((spec->type && spec->type != 's') || spec->sign || spec->align == '=' || spec->grouping)
                        return unknown_code(evaluation, spec, value);
                if (spec->zero && !spec->align) {
                        own.align = '<';
                        own.fill = own.fill ? own.fill : '0';
                }
                return bp_format_text(evaluation, &own, value->as.text, value->count, '<', output);
        }
        if (value->type == BP_FLOAT || (is_integer && spec->type && strchr("eEfFgG%", spec->type))) {
                if (spec->type && !strchr("eEfFgGn%", spec->type))
                        return unknown_code(evaluation, spec, value);
                own.type = spec->type == 'n' ? 'g' : spec->type;
                return bp_format_float(evaluation, &own, bp_value_as_float(value), output);
        }
        if (is_integer) {
                if ((spec->type && !strchr("bcdoxXn", spec->type)) || spec->precision >= 0)
                        return unknown_code(evaluation, spec, value);
                return bp_format_integer(evaluation, spec, integer, output);
        }
        return bp_eval_type_error(evaluation, "unsupported format string passed to %s", bp_value_kind(value));
}

/* True and False are numbers only where the specification says so. */
static int format_field(struct bp_evaluation *evaluation, const struct bp_value *value, const struct bp_value *spec,
                        struct bp_strbuf *output) {
        struct bp_format_spec parsed;
        int r;

        if (spec->count == 0)
                return bp_text_write(evaluation, output, value);
        if (bp_value_is_undefined(value))
                return bp_eval_type_error(evaluation, "unsupported format string passed to Undefined");
        r = parse_spec(evaluation, spec, &parsed);
        return r != 0 ? r : format_value(evaluation, value, &parsed, output);
}

static int expand(struct braces *braces, const char *text, size_t size, int depth, struct bp_strbuf *output);

/* The end of a field: braces inside it nest. @return offset of its closing brace, `size` when there is none */
static size_t field_end(const char *text, size_t size) {
        int depth = 1;

        for (size_t i = 0; i < size; i++) {
                depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
                if (depth == 0)
                        return i;
        }
        return size;
}

/* `field` is what stands between the braces: name!conversion:spec */
static int expand_field(struct braces *braces, const char *field, size_t size, int depth, struct bp_strbuf *output) {
        size_t name = 0, rest;
        struct bp_strbuf spec_text;
        struct bp_value value, spec = bp_value_empty_text;
        char conversion = '\0';
        int r;

        for (int inside = 0; name < size && (inside || (field[name] != '!' && field[name] != ':')); name++)
                inside += field[name] == '[' ? 1 : field[name] == ']' && inside ? -1 : 0;
        r = field_value(braces, field, name, &value);
        rest = name;
        if (r == 0 && rest < size && field[rest] == '!') {
                if (rest + 1 >= size || !strchr("sra", field[rest + 1]) || (rest + 2 < size && field[rest + 2] != ':'))
                        return bp_eval_type_error(braces->evaluation, "format(): bad conversion");
                conversion = field[rest + 1];
                rest += 2;
        }
        if (r == 0 && conversion)
                r = write_value_text(braces->evaluation, &value, conversion, &value);
        if (r == 0 && rest < size) {
                bp_text_init(braces->evaluation, &spec_text);
                r = expand(braces, field + rest + 1, size - rest - 1, depth + 1, &spec_text);
                if (r == 0)
                        r = bp_text_close(braces->evaluation, &spec_text, &spec);
        }
        return r != 0 ? r : format_field(braces->evaluation, &value, &spec, output);
}

enum { BRACES_DEPTH = 2 };

static int expand(struct braces *braces, const char *text, size_t size, int depth, struct bp_strbuf *output) {
        int r = 0;

        if (depth > BRACES_DEPTH)
                return bp_eval_type_error(braces->evaluation, "format(): fields are nested too deep");
        for (size_t at = 0; r == 0 && at < size; at++) {
                size_t end;

                if (text[at] != '{' && text[at] != '}') {
                        bp_strbuf_add_char(output, text[at]);
                        continue;
                }
                if (at + 1 < size && text[at + 1] == text[at] && depth == 1) {
                        bp_strbuf_add_char(output, text[at++]);
                        continue;
                }
                end = text[at] == '{' ? at + 1 + field_end(text + at + 1, size - at - 1) : size;
                if (end >= size)
                        return bp_eval_type_error(braces->evaluation, "format(): single '%c' in the text", text[at]);
                r = expand_field(braces, text + at + 1, end - at - 1, depth, output);
                at = end;
        }
        return r;
}

int bp_format_braces(struct bp_evaluation *evaluation, const struct bp_value *format,
                     const struct bp_arguments *arguments, struct bp_value *ret_text) {
        struct braces braces = {.evaluation = evaluation, .arguments = arguments};
        struct bp_strbuf output;
        int r = bp_eval_work_bytes(evaluation, format->count);

        bp_text_init(evaluation, &output);
        if (r == 0)
                r = expand(&braces, format->as.text, format->count, 1, &output);
        return r != 0 ? r : bp_text_close(evaluation, &output, ret_text);
}
