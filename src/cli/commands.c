/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands: the one place that knows how the program is called. Its lines are data; see command.h. */
#include "cli/cli.h"
#include "cli/command.h"
#include "plugins/plugins.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OPERANDS(...)                                                                                              \
        .n_operands = COUNT(((const struct bp_operand[]){__VA_ARGS__})), .operands = (const struct bp_operand[]) { \
                __VA_ARGS__                                                                                        \
        }
#define OPTIONS(...)                                                                                           \
        .n_options = COUNT(((const struct bp_option[]){__VA_ARGS__})), .options = (const struct bp_option[]) { \
                __VA_ARGS__                                                                                    \
        }
#define EXAMPLES(...)                                                          \
        .n_examples = COUNT(((const struct bp_usage_example[]){__VA_ARGS__})), \
        .examples = (const struct bp_usage_example[]) {                        \
                __VA_ARGS__                                                    \
        }
#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* clang-format off */

#define OPTION_FORMAT(help_text, ...)                                                                   \
        {.id = BP_OPTION_FORMAT, .name = "format", .argument = "FORMAT", .kind = BP_ARGUMENT_CHOICE,    \
         .choices = CHOICES(__VA_ARGS__), .fallback = "text", .help = help_text}

#define OPTION_JSONL(fields)                                                                            \
        {.id = BP_OPTION_JSONL, .name = "jsonl", .kind = BP_ARGUMENT_NONE,                              \
         .help = "batch form: one JSON object " fields " a line on standard input, one answer a line"}
#define OPTION_PARAM(what)                                                                              \
        {.id = BP_OPTION_PARAM, .letter = 'p', .name = "param", .argument = "NAME=VALUE",               \
         .kind = BP_ARGUMENT_PAIR, .repeatable = true, .help = what}
#define OPTION_PARAMS_FILE                                                                              \
        {.id = BP_OPTION_PARAMS_FILE, .name = "params-file", .argument = "FILE",                        \
         .kind = BP_ARGUMENT_FILE, .help = "parameters as a JSON or YAML object; --param goes over it"}
#define OPTION_STEPS_FILE                                                                               \
        {.id = BP_OPTION_STEPS_FILE, .name = "steps-file", .argument = "FILE", .kind = BP_ARGUMENT_FILE, \
         .help = "what 'steps' holds, as a JSON or YAML object: {STEP: {outputs: {...}}}"}
#define OPTION_UNDEFINED                                                                                \
        {.id = BP_OPTION_STRICT, .name = "strict", .kind = BP_ARGUMENT_NONE,                            \
         .help = "an undefined value that is used is an error"}
#define OPTION_ALLOW_HOST                                                                               \
        {.id = BP_OPTION_ALLOW_HOST, .name = "allow-host", .argument = "HOST[:PORT]",                   \
         .kind = BP_ARGUMENT_TEXT, .repeatable = true,                                                  \
         .help = "let HTTP requests reach this host although its address is private"}
#define OPTIONS_OUTGOING                                                                                \
        OPTION_ALLOW_HOST,                                                                              \
        {.id = BP_OPTION_SERVICE, .name = "service", .argument = "APP=URL", .kind = BP_ARGUMENT_PAIR,   \
         .repeatable = true, .help = "reach this service at this URL"},                                 \
        {.id = BP_OPTION_DAPR, .name = "dapr", .argument = "URL", .kind = BP_ARGUMENT_TEXT,             \
         .help = "reach every other service through this Dapr sidecar"},                                \
        {.id = BP_OPTION_BUS, .name = "bus", .argument = "URL|dapr", .kind = BP_ARGUMENT_TEXT,          \
         .help = "publish events to this URL, as CloudEvents, or through the sidecar"},                 \
        {.id = BP_OPTION_USER, .name = "user", .argument = "ID", .kind = BP_ARGUMENT_TEXT,              \
         .help = "ask services on behalf of this user where no other is named"},                        \
        {.id = BP_OPTION_RETRIES, .name = "retries", .argument = "N", .kind = BP_ARGUMENT_TEXT,         \
         .help = "how often a call to a service may be repeated; 2 unless given"},                      \
        {.id = BP_OPTION_TRACE, .name = "trace", .kind = BP_ARGUMENT_NONE,                              \
         .help = "tell each outgoing call on the error stream, one JSON object a line"}

#define OPTION_VIRTUAL_TIME                                                                             \
        {.id = BP_OPTION_VIRTUAL_TIME, .name = "virtual-time", .kind = BP_ARGUMENT_NONE,                \
         .help = "waits cost no time: when nothing runs, the clock jumps to what is due next"}

#define OPTION_CONFIG                                                                                   \
        {.id = BP_OPTION_CONFIG, .name = "config", .argument = "FILE", .kind = BP_ARGUMENT_FILE,        \
         .help = "file of settings, in YAML; it must be there"}

const struct bp_option bp_common_options[] = {
        {.id = BP_OPTION_COLOR, .name = "color", .argument = "WHEN", .kind = BP_ARGUMENT_CHOICE,
         .choices = CHOICES("auto", "always", "never"), .fallback = "auto",
         .help = "colours; auto is on a terminal only, and never with NO_COLOR set"},
        {.id = BP_OPTION_HELP, .letter = 'h', .name = "help", .kind = BP_ARGUMENT_NONE, .help = "print this help"},
};
const size_t bp_n_common_options = COUNT(bp_common_options);

const struct bp_command bp_commands[] = {
        {
                .name = "",
                .summary = "durable pipelines of pluggable actions",
                .description =
                        "budpipeline runs pipelines: graphs of steps, written in YAML or JSON, where each step runs an "
                        "action. Steps run in parallel where they can, are retried, branch and join; templates and "
                        "conditions connect them.",
                OPTIONS({.id = BP_OPTION_VERSION, .letter = 'V', .name = "version", .kind = BP_ARGUMENT_NONE,
                         .help = "print the version"}),
                EXAMPLES({"Run a pipeline", "budpipeline run examples/01-hello.yaml"},
                         {"Check it first", "budpipeline validate examples/01-hello.yaml"},
                         {"What steps can run", "budpipeline actions list"}),
        },
        {
                .name = "run",
                .summary = "Run a pipeline here and now",
                .description =
                        "Checks a pipeline, runs it in this process and shows how it goes: on a terminal one line a "
                        "step, redrawn in place; elsewhere a line per transition. At the end come its outputs.\n\n"
                        "Ctrl-C cancels: what runs is told to stop, steps that left something behind clean up, and the "
                        "program exits with 130. A second Ctrl-C stops at once.\n\n"
                        "A parameter's value is text where the pipeline declares text, else JSON where it reads as "
                        "JSON. HTTP requests to private addresses are refused unless --allow-host names the target.",
                OPERANDS({.name = "FILE", .kind = BP_ARGUMENT_FILE,
                          .replaced_by = BP_OPTION_BIT(BP_OPTION_JSONL),
                          .help = "pipeline in YAML or JSON; - reads standard input"}),
                OPTIONS(OPTION_PARAM("a parameter of the pipeline"), OPTION_PARAMS_FILE,
                        OPTION_FORMAT("what to print: text for a person, the result as json, or every record as jsonl",
                                      "text", "json", "jsonl"),
                        {.id = BP_OPTION_TIMEOUT, .name = "timeout", .argument = "SECONDS",
                         .kind = BP_ARGUMENT_SECONDS, .help = "bound of the whole run, in place of the pipeline's own"},
                        {.id = BP_OPTION_DRY_RUN, .name = "dry-run", .kind = BP_ARGUMENT_NONE,
                         .help = "check everything and show the plan, with every parameter that is known; run nothing"},
                        {.id = BP_OPTION_STORE, .name = "store", .argument = "FILE", .kind = BP_ARGUMENT_FILE,
                         .help = "run durably: keep every record in this store, made where there is none"},
                        OPTIONS_OUTGOING, OPTION_VIRTUAL_TIME, OPTION_JSONL("{dag or yaml or json, params}")),
                EXAMPLES({"Run a pipeline", "budpipeline run examples/01-hello.yaml"},
                         {"Give it a parameter", "budpipeline run examples/01-hello.yaml -p name=Ada"},
                         {"Look before running", "budpipeline run examples/06-report.yaml --dry-run"},
                         {"Every record, for a program",
                          "budpipeline run examples/04-parallel-join.yaml --virtual-time --format jsonl"}),
                .exits = BP_EXIT_BIT_FAILED | BP_EXIT_BIT_INVALID | BP_EXIT_BIT_CANCELLED,
                .run = bp_command_run,
        },
        {
                .name = "validate",
                .summary = "Find everything that is wrong with pipelines",
                .description =
                        "Reports all problems of each file at once, with line and column: errors, which keep it from "
                        "being run, and warnings, which don't. Exits with 2 when a file has errors.",
                OPERANDS({.name = "FILE", .kind = BP_ARGUMENT_FILE, .repeatable = true,
                          .replaced_by = BP_OPTION_BIT(BP_OPTION_JSONL),
                          .help = "pipelines in YAML or JSON; - reads standard input"}),
                OPTIONS({.id = BP_OPTION_STRICT, .name = "strict", .kind = BP_ARGUMENT_NONE,
                         .help = "warnings count as errors"},
                        {.id = BP_OPTION_STRUCTURE, .name = "structure", .kind = BP_ARGUMENT_NONE,
                         .help = "check the form of the document and its graph only; say nothing of actions, templates "
                                 "and parameters"},
                        OPTION_FORMAT("how to print what was found", "text", "json"),
                        OPTION_JSONL("{dag or yaml or json}")),
                EXAMPLES({"Check a file", "budpipeline validate examples/06-report.yaml"},
                         {"Check many, and let no warning pass", "budpipeline validate --strict examples/*.yaml"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_validate,
        },
        {
                .name = "graph",
                .summary = "Draw the graph of a pipeline",
                OPERANDS({.name = "FILE", .kind = BP_ARGUMENT_FILE,
                          .help = "pipeline in YAML or JSON; - reads standard input"}),
                OPTIONS({.id = BP_OPTION_FORMAT, .name = "format", .argument = "FORMAT", .kind = BP_ARGUMENT_CHOICE,
                         .choices = CHOICES("dot", "mermaid", "json"), .fallback = "dot",
                         .help = "dot for Graphviz, mermaid for Markdown, json for programs"}),
                EXAMPLES({"For Graphviz: pipe it into 'dot -Tsvg'", "budpipeline graph examples/06-report.yaml"},
                         {"For a Markdown page", "budpipeline graph examples/03-branch.yaml --format mermaid"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_graph,
        },
        {
                .name = "actions",
                .summary = "Look at the actions that steps can run",
                .description = "Actions are what steps run. The built-in ones are always there; others come from shared "
                               "objects in the folders that BUDPIPELINE_ACTION_PATH names.",
                EXAMPLES({"What there is", "budpipeline actions list"}),
        },
        {
                .name = "actions list",
                .summary = "List the installed actions",
                OPTIONS(OPTION_FORMAT("how to print them", "text", "json", "names")),
                EXAMPLES({"For a person, by category", "budpipeline actions list"},
                         {"Everything about all of them", "budpipeline actions list --format json"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_actions_list,
        },
        {
                .name = "actions show",
                .summary = "Show what an action takes and gives",
                OPERANDS({.name = "TYPE", .kind = BP_ARGUMENT_ACTION, .help = "type of the action"}),
                OPTIONS(OPTION_FORMAT("how to print it", "text", "json")),
                EXAMPLES({"Its parameters, outputs and examples", "budpipeline actions show log"},
                         {"The same as the HTTP API answers it", "budpipeline actions show log --format json"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_actions_show,
        },
        {
                .name = "actions schema",
                .summary = "Print the JSON Schema of an action",
                .description = "Prints JSON Schema 2020-12 of the parameters of an action, or of its outputs.",
                OPERANDS({.name = "TYPE", .kind = BP_ARGUMENT_ACTION, .help = "type of the action"}),
                OPTIONS({.id = BP_OPTION_OUTPUTS, .name = "outputs", .kind = BP_ARGUMENT_NONE,
                         .help = "of the outputs, not of the parameters"}),
                EXAMPLES({"Of the parameters", "budpipeline actions schema log"},
                         {"Of the outputs", "budpipeline actions schema log --outputs"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_actions_schema,
        },
        {
                .name = "actions validate",
                .summary = "Check parameters of an action without calling it",
                OPERANDS({.name = "TYPE", .kind = BP_ARGUMENT_ACTION,
                          .replaced_by = BP_OPTION_BIT(BP_OPTION_JSONL), .help = "type of the action"}),
                OPTIONS(OPTION_PARAM("a parameter of the action"), OPTION_PARAMS_FILE,
                        OPTION_JSONL("{action, params}")),
                EXAMPLES({"One that is right", "budpipeline actions validate log -p message=hello"},
                         {"Many at once", "echo '{\"action\": \"log\", \"params\": {\"level\": \"info\"}}' | "
                                          "budpipeline actions validate --jsonl"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_actions_validate,
        },
        {
                .name = "actions run",
                .summary = "Call one action alone, to try it out",
                .description = "Calls an action once, without retries, and prints its outputs as JSON. What it logs goes "
                               "to the error stream.",
                OPERANDS({.name = "TYPE", .kind = BP_ARGUMENT_ACTION,
                          .replaced_by = BP_OPTION_BIT(BP_OPTION_JSONL), .help = "type of the action"}),
                OPTIONS(OPTION_PARAM("a parameter of the action"), OPTION_PARAMS_FILE, OPTION_STEPS_FILE,
                        OPTION_FORMAT("the outputs as text, or success, outputs and error as json", "text", "json"),
                        OPTIONS_OUTGOING, OPTION_VIRTUAL_TIME,
                        OPTION_JSONL("{action, params, workflow_params, step_outputs}")),
                EXAMPLES({"Write a line", "budpipeline actions run log -p message=hello"},
                         {"Sort a list", "budpipeline actions run transform -p operation=sort -p input='[3, 1, 2]'"},
                         {"Many at once", "echo '{\"action\": \"log\", \"params\": {\"message\": \"hello\"}}' | "
                                          "budpipeline actions run --jsonl"}),
                .exits = BP_EXIT_BIT_FAILED | BP_EXIT_BIT_INVALID,
                .run = bp_command_actions_run,
        },
        {
                .name = "actions event",
                .summary = "Show what an action makes of an event that it waits for",
                .description = "Calls the handler of events of an action once, and prints what it decides: to complete "
                               "the step or let it fail, to tell progress, or to ignore the event.",
                OPERANDS({.name = "TYPE", .kind = BP_ARGUMENT_ACTION,
                          .replaced_by = BP_OPTION_BIT(BP_OPTION_JSONL), .help = "type of the action"}),
                OPTIONS({.id = BP_OPTION_EVENT, .name = "event", .argument = "JSON", .kind = BP_ARGUMENT_TEXT,
                         .help = "the event; an empty object unless given"},
                        {.id = BP_OPTION_SET_BEFORE, .name = "outputs", .argument = "JSON", .kind = BP_ARGUMENT_TEXT,
                         .help = "outputs that the step has when the event comes"},
                        {.id = BP_OPTION_ID, .name = "id", .argument = "ID", .kind = BP_ARGUMENT_TEXT,
                         .help = "the id that the step waits for"},
                        OPTION_PARAM("a parameter of the action"), OPTION_PARAMS_FILE, OPTIONS_OUTGOING,
                        OPTION_JSONL("{action, event, step_outputs, params, workflow_params, external_workflow_id}")),
                EXAMPLES({"Many at once", "echo '{\"action\": \"log\", \"event\": {}}' | "
                                          "budpipeline actions event --jsonl"}),
                .exits = BP_EXIT_BIT_FAILED | BP_EXIT_BIT_INVALID,
                .run = bp_command_actions_event,
        },
        {
                .name = "template",
                .summary = "Try out templates",
                .description = "Templates are texts with {{ expressions }} in the language of Jinja2. They see the "
                               "parameters of the pipeline as 'params' and the outputs of finished steps as 'steps'.",
                EXAMPLES({"Greet", "budpipeline template render 'Hello {{ params.name }}' -p name=Ada"}),
        },
        {
                .name = "template render",
                .summary = "Render a template",
                .description =
                        "Renders a template as a step's parameter would be rendered. A text that is exactly one "
                        "{{ expression }} keeps the JSON type of its value; anything else becomes text.",
                OPERANDS({.name = "TEXT", .kind = BP_ARGUMENT_TEXT, .help = "the template",
                          .replaced_by = BP_OPTION_BIT(BP_OPTION_FILE) | BP_OPTION_BIT(BP_OPTION_JSONL)}),
                OPTIONS({.id = BP_OPTION_FILE, .letter = 'f', .name = "file", .argument = "FILE",
                         .kind = BP_ARGUMENT_FILE, .help = "read the template from a file; - is standard input"},
                        OPTION_PARAM("a parameter; the value is JSON where it reads as JSON, else text"),
                        OPTION_PARAMS_FILE, OPTION_STEPS_FILE, OPTION_UNDEFINED,
                        OPTION_FORMAT("how to print the result", "text", "json"),
                        OPTION_JSONL("{template, params, steps, strict}")),
                EXAMPLES({"Text", "budpipeline template render 'Hello {{ params.name | upper }}' -p name=Ada"},
                         {"A value with its type", "budpipeline template render '{{ params.n * 2 }}' -p n=21"},
                         {"Many at once",
                          "echo '{\"template\": \"{{ params.n + 1 }}\", \"params\": {\"n\": 1}}' | "
                          "budpipeline template render --jsonl"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_template_render,
        },
        {
                .name = "condition",
                .summary = "Try out conditions",
                .description = "Conditions decide whether a step runs, and which branch is taken.",
                EXAMPLES({"Judge", "budpipeline condition eval '{{ params.n > 5 }}' -p n=7"}),
        },
        {
                .name = "condition eval",
                .summary = "Judge a condition",
                .description = "Prints true or false, as the condition of a step would be judged. Both exit with 0.",
                OPERANDS({.name = "TEXT", .kind = BP_ARGUMENT_TEXT, .help = "the condition",
                          .replaced_by = BP_OPTION_BIT(BP_OPTION_FILE) | BP_OPTION_BIT(BP_OPTION_JSONL)}),
                OPTIONS({.id = BP_OPTION_FILE, .letter = 'f', .name = "file", .argument = "FILE",
                         .kind = BP_ARGUMENT_FILE, .help = "read the condition from a file; - is standard input"},
                        OPTION_PARAM("a parameter; the value is JSON where it reads as JSON, else text"),
                        OPTION_PARAMS_FILE, OPTION_STEPS_FILE, OPTION_UNDEFINED,
                        OPTION_JSONL("{condition, params, steps, strict}")),
                EXAMPLES({"A comparison", "budpipeline condition eval '{{ params.n > 5 }}' -p n=7"},
                         {"Many at once", "echo '{\"condition\": \"{{ params.ok }}\", \"params\": {\"ok\": true}}' | "
                                          "budpipeline condition eval --jsonl"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_condition_eval,
        },
        {
                .name = "version",
                .summary = "Show the version of this program",
                OPTIONS(OPTION_FORMAT("how to print it", "text", "json")),
                EXAMPLES({"For a person", "budpipeline version"},
                         {"For a program", "budpipeline version --format json"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_version,
        },
        {
                .name = "serve",
                .summary = "Run the durable service: the HTTP API over a store",
                .description =
                        "Opens the store, goes on with every execution that had not ended, and serves the HTTP API. Says "
                        "'listening on URL' on the error stream once it is ready; its log follows there.\n\n"
                        "SIGTERM and SIGINT stop it: nothing new starts, attempts under way may finish within "
                        "engine.drain_seconds, everything is durable. A second signal stops it at once; what was under "
                        "way is recovered at the next start.\n\n"
                        "It listens on this machine alone unless told otherwise, and then demands authentication and "
                        "TLS.",
                OPTIONS(OPTION_CONFIG),
                .settings = "",
                EXAMPLES({"On a free port, with the store in the user's state folder", "budpipeline serve --port 0"},
                         {"With the examples, and a store that is forgotten",
                          "budpipeline serve --port 0 --store memory: --load examples"}),
                .exits = BP_EXIT_BIT_FAILED | BP_EXIT_BIT_INVALID,
                .run = bp_command_serve,
        },
        {
                .name = "config",
                .summary = "Show every setting of the service and where it comes from",
                .description =
                        "A setting comes from an option, else from the environment (BUDPIPELINE_HTTP_PORT for "
                        "http.port, or a name that the original service used), else from a YAML file, else it is the "
                        "default. The file is the one that --config or BUDPIPELINE_CONFIG names, else "
                        "/etc/budpipeline/budpipeline.yaml where it exists.\n\n"
                        "Everything wrong anywhere is reported at once. Secrets are shown as ***.",
                OPTIONS(OPTION_CONFIG,
                        {.id = BP_OPTION_FORMAT, .name = "format", .argument = "FORMAT", .kind = BP_ARGUMENT_CHOICE,
                         .choices = CHOICES("table", "yaml", "json", "markdown"), .fallback = "table",
                         .help = "table for a person, yaml as a file, json for programs, markdown to tell what there is"}),
                .settings = "",
                EXAMPLES({"What is in force", "budpipeline config"},
                         {"What an option would change", "budpipeline config --port 9000 --format json"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_config,
        },
        {
                .name = "token",
                .summary = "Bearer tokens of the service",
                .description =
                        "Tokens say who a client of the service is and what it may do, where authentication is on "
                        "(auth.enabled). They are kept in the store, as hashes; a running service sees changes at once.",
                EXAMPLES({"For what collects metrics", "budpipeline token create monitoring --scope metrics"}),
        },
        {
                .name = "token create",
                .summary = "Make a token and show it, once",
                .description =
                        "Prints the token, which is kept nowhere. Scopes are read (look at everything), pipelines (create, "
                        "change, delete them), execute (start executions and command them), metrics, act-as (speak for "
                        "other users with X-User-ID) and admin (everything).",
                OPERANDS({.name = "NAME", .kind = BP_ARGUMENT_TEXT, .help = "of the token, for the list"}),
                OPTIONS(OPTION_CONFIG,
                        {.id = BP_OPTION_SCOPE, .name = "scope", .argument = "SCOPE", .kind = BP_ARGUMENT_TEXT,
                         .repeatable = true, .help = "what it may do, separated by commas; without it read, pipelines, execute"},
                        {.id = BP_OPTION_OWNER, .name = "owner", .argument = "NAME", .kind = BP_ARGUMENT_TEXT,
                         .help = "who acts with it; a UUID is a user of the original platform; without it the name"},
                        {.id = BP_OPTION_EXPIRES_IN, .name = "expires-in", .argument = "TIME", .kind = BP_ARGUMENT_TEXT,
                         .help = "90m, 12h, 30d, 52w; without it never"},
                        OPTION_FORMAT("the token alone, or all about it", "text", "json")),
                .settings = "store.url",
                EXAMPLES({"For a client that starts executions",
                          "budpipeline token create ci --scope execute --expires-in 30d"}),
                .exits = BP_EXIT_BIT_FAILED | BP_EXIT_BIT_INVALID,
                .run = bp_command_token_create,
        },
        {
                .name = "token list",
                .summary = "List tokens, without their secrets",
                OPTIONS(OPTION_CONFIG, OPTION_FORMAT("how to print them", "text", "json")),
                .settings = "store.url",
                EXAMPLES({"For a person", "budpipeline token list"}, {"For a program", "budpipeline token list --format json"}),
                .exits = BP_EXIT_BIT_FAILED | BP_EXIT_BIT_INVALID,
                .run = bp_command_token_list,
        },
        {
                .name = "token revoke",
                .summary = "Make a token worthless, at once",
                OPERANDS({.name = "NAME", .kind = BP_ARGUMENT_TEXT, .help = "of the token"}),
                OPTIONS(OPTION_CONFIG),
                .settings = "store.url",
                EXAMPLES({"That of a client", "budpipeline token revoke ci"}),
                .exits = BP_EXIT_BIT_FAILED | BP_EXIT_BIT_INVALID,
                .run = bp_command_token_revoke,
        },
        {
                .name = "completion",
                .summary = "Print the completion script for a shell",
                .description =
                        "Prints a script that completes commands, options, choices, action types and file names.\n\n"
                        "For bash, put 'source <(budpipeline completion bash)' into ~/.bashrc. For zsh, write the "
                        "output to a file _budpipeline in a folder of $fpath. For fish, write it to "
                        "~/.config/fish/completions/budpipeline.fish.",
                OPERANDS({.name = "SHELL", .kind = BP_ARGUMENT_CHOICE, .choices = CHOICES("bash", "zsh", "fish"),
                          .help = "bash, zsh or fish"}),
                EXAMPLES({"Completion in this bash", "source <(budpipeline completion bash)"},
                         {"Look at the script for fish", "budpipeline completion fish"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_completion,
        },
        {
                .name = "man",
                .summary = "Print a manual page",
                .description = "Prints the manual page of the program or of a command in roff, the form that man reads.",
                OPERANDS({.name = "COMMAND", .kind = BP_ARGUMENT_COMMAND, .optional = true, .repeatable = true,
                          .help = "command, of one word or two; without it, the program itself"}),
                EXAMPLES({"Read the page of the program", "budpipeline man | man -l -"},
                         {"The page of a command, as roff", "budpipeline man completion"}),
                .exits = BP_EXIT_BIT_INVALID,
                .run = bp_command_man,
        },
        {
                .name = "events",
                .summary = "Look at events from outside",
                .hidden = true,
        },
        {
                .name = "events correlate",
                .summary = "Show which correlation id events carry",
                .hidden = true,
                OPTIONS(OPTION_JSONL("{event}")),
                .run = bp_command_events_correlate,
        },
        {
                .name = "sanitize",
                .summary = "Show values as they would leave, without secrets",
                .hidden = true,
                OPTIONS(OPTION_JSONL("{value}")),
                .run = bp_command_sanitize,
        },
        {
                .name = BP_PLUGINS_DESCRIBE_COMMAND,
                .summary = "Describe a shared object to the program that started this one",
                .hidden = true,
                OPERANDS({.name = "PATH", .kind = BP_ARGUMENT_FILE, .help = "the shared object"}),
                .run = bp_command_describe_plugin,
        },
};
const size_t bp_n_commands = COUNT(bp_commands);

/* clang-format on */
