/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of the load generator. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

static const char usage[] =
        "usage: load --url http://127.0.0.1:PORT [OPTION...]\n"
        "\n"
        "Puts a service under load and prints what it took. Exit status 1 when an answer was not the right one.\n"
        "\n"
        "Executions (the default): starts them, waits for their ends, checks their outputs.\n"
        "  --workload chain|fan|delay  steps one after the other; 1 to --width to 1; one step that waits an hour\n"
        "  --effect pure|idempotent    what each step states about itself (pure)\n"
        "  --steps N --width N         length of a chain (10), width of a fan (200)\n"
        "  --in-flight N               executions at once, a connection each (1)\n"
        "  --count N --warm N          how many are measured (100), and how many run before (0)\n"
        "  --pipeline ID               starts this stored pipeline; without it one is stored first\n"
        "  --ephemeral                 sends the definition with every start instead\n"
        "  --wait SECONDS              of Prefer: wait (30); 0: not sent. What is not final then is polled\n"
        "  --accepted                  done with an execution once its start is acknowledged\n"
        "  --survive                   the server may vanish: connects again and repeats the request; starts carry an\n"
        "                              Idempotency-Key\n"
        "\n"
        "Reading:\n"
        "  --get PATH | --get-list FILE  reads a path, or the paths of a file in turn, with --in-flight connections\n"
        "  --seconds S                 for so long, in place of --count\n"
        "  --header 'Name: value'      one more header of each request\n"
        "\n"
        "Event streams:\n"
        "  --stream PATH --in-flight N --slow M --seconds S   M of the N clients do not read\n"
        "\n"
        "  --json                      figures as one line of JSON\n";

enum {
        URL = 256,
        WORKLOAD,
        EFFECT,
        STEPS,
        WIDTH,
        IN_FLIGHT,
        COUNT,
        WARM,
        PIPELINE,
        EPHEMERAL,
        WAIT,
        ACCEPTED,
        SURVIVE,
        GET,
        GET_LIST,
        SECONDS,
        HEADER,
        STREAM,
        SLOW,
        JSON,
        HELP
};

static const struct option flags[] = {
        {"url", required_argument, NULL, URL},
        {"workload", required_argument, NULL, WORKLOAD},
        {"effect", required_argument, NULL, EFFECT},
        {"steps", required_argument, NULL, STEPS},
        {"width", required_argument, NULL, WIDTH},
        {"in-flight", required_argument, NULL, IN_FLIGHT},
        {"count", required_argument, NULL, COUNT},
        {"warm", required_argument, NULL, WARM},
        {"pipeline", required_argument, NULL, PIPELINE},
        {"ephemeral", no_argument, NULL, EPHEMERAL},
        {"wait", required_argument, NULL, WAIT},
        {"accepted", no_argument, NULL, ACCEPTED},
        {"survive", no_argument, NULL, SURVIVE},
        {"get", required_argument, NULL, GET},
        {"get-list", required_argument, NULL, GET_LIST},
        {"seconds", required_argument, NULL, SECONDS},
        {"header", required_argument, NULL, HEADER},
        {"stream", required_argument, NULL, STREAM},
        {"slow", required_argument, NULL, SLOW},
        {"json", no_argument, NULL, JSON},
        {"help", no_argument, NULL, HELP},
        {0},
};

static __attribute__((noreturn)) void refuse(const char *what, const char *value) {
        fprintf(stderr, "load: %s: %s\nload: see load --help\n", what, value);
        exit(2);
}

static uint64_t number(const char *text, uint64_t min, uint64_t max) {
        char *end;
        unsigned long long value;

        errno = 0;
        value = strtoull(text, &end, 10);
        if (errno || end == text || *end || text[0] == '-' || value < min || value > max)
                refuse("not a number within bounds", text);
        return value;
}

static double seconds(const char *text) {
        char *end;
        double value = strtod(text, &end);

        if (end == text || *end || !(value > 0 && value < 1e6))
                refuse("not a number of seconds", text);
        return value;
}

static const char *one_of(const char *text, const char *const *words) {
        for (; *words; words++)
                if (strcmp(text, *words) == 0)
                        return text;
        refuse("no such word", text);
}

static void read_url(struct load_options *options, const char *url) {
        const char *rest = strncmp(url, "http://", 7) == 0 ? url + 7 : NULL, *colon = rest ? strchr(rest, ':') : NULL;
        char address[INET_ADDRSTRLEN], port[8];
        size_t length = colon ? strcspn(colon + 1, "/") : 0;

        if (!colon || (size_t)(colon - rest) >= sizeof(address) || !length || length >= sizeof(port))
                refuse("not http://ADDRESS:PORT", url);
        memcpy(address, rest, (size_t)(colon - rest));
        address[colon - rest] = 0;
        memcpy(port, colon + 1, length);
        port[length] = 0;
        options->peer.sin_family = AF_INET;
        options->peer.sin_port = htons((uint16_t)number(port, 1, 65535));
        if (inet_pton(AF_INET, strcmp(address, "localhost") == 0 ? "127.0.0.1" : address, &options->peer.sin_addr) != 1)
                refuse("not an IPv4 address", address);
        snprintf(options->host, sizeof(options->host), "%s:%s", address, port);
}

void load_options_done(struct load_options *options) {
        for (size_t i = 0; i < options->n_paths; i++)
                free(options->paths[i]);
        free(options->paths);
}

static void add_path(struct load_options *options, const char *path) {
        options->paths = realloc(options->paths, (options->n_paths + 1) * sizeof(*options->paths));
        if (!options->paths)
                load_die("no memory");
        options->paths[options->n_paths] = strdup(path);
        if (!options->paths[options->n_paths++])
                load_die("no memory");
}

static void read_paths(struct load_options *options, const char *name) {
        FILE *file = fopen(name, "re");
        char *line = NULL;
        size_t capacity = 0;

        if (!file)
                refuse(strerror(errno), name);
        while (getline(&line, &capacity, file) > 0) {
                line[strcspn(line, "\r\n")] = 0;
                if (line[0] == '/')
                        add_path(options, line);
        }
        free(line);
        fclose(file);
        if (!options->n_paths)
                refuse("no path in", name);
}

static void read_mode(struct load_options *options, int flag, const char *value) {
        options->mode = flag == STREAM ? LOAD_STREAM : LOAD_GET;
        if (flag == GET_LIST)
                read_paths(options, value);
        else
                add_path(options, value);
}

static void read_flag(struct load_options *options, int flag, const char *value) {
        static const char *const workloads[] = {"chain", "fan", "delay", NULL};
        static const char *const effects[] = {"pure", "idempotent", NULL};

        switch (flag) {
        case URL:
                read_url(options, value);
                break;
        case WORKLOAD:
                options->workload = one_of(value, workloads);
                break;
        case EFFECT:
                options->effect = one_of(value, effects);
                break;
        case STEPS:
                options->steps = (unsigned)number(value, 1, 1000);
                break;
        case WIDTH:
                options->width = (unsigned)number(value, 1, 998);
                break;
        case IN_FLIGHT:
                options->in_flight = (unsigned)number(value, 1, 20000);
                break;
        case COUNT:
                options->count = number(value, 1, 1000000000);
                break;
        case WARM:
                options->warm = (unsigned)number(value, 0, 1000000);
                break;
        case PIPELINE:
                options->pipeline = value;
                break;
        case WAIT:
                options->wait_seconds = (unsigned)number(value, 0, 300);
                break;
        case SLOW:
                options->slow = (unsigned)number(value, 0, 20000);
                break;
        case SECONDS:
                options->seconds = seconds(value);
                break;
        case HEADER:
                options->header = value;
                break;
        case EPHEMERAL:
                options->ephemeral = true;
                break;
        case ACCEPTED:
                options->accepted = true;
                break;
        case SURVIVE:
                options->survive = true;
                break;
        case JSON:
                options->json = true;
                break;
        case GET:
        case GET_LIST:
        case STREAM:
                read_mode(options, flag, value);
                break;
        case HELP:
                fputs(usage, stdout);
                exit(EXIT_SUCCESS);
        default:
                exit(2);
        }
}

void load_options_read(struct load_options *options, int argc, char **argv) {
        int flag;

        *options = (struct load_options){.mode = LOAD_EXECUTIONS,
                                         .workload = "chain",
                                         .effect = "pure",
                                         .steps = 10,
                                         .width = 200,
                                         .in_flight = 1,
                                         .count = 100,
                                         .wait_seconds = 30};
        while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1)
                read_flag(options, flag, optarg);
        if (optind < argc)
                refuse("what is this", argv[optind]);
        if (!options->peer.sin_port)
                refuse("missing", "--url");
        if (options->mode == LOAD_STREAM && options->seconds == 0)
                refuse("missing", "--seconds");
        if (options->slow > options->in_flight)
                refuse("more slow clients than clients", "--slow");
}
