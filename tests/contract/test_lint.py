# SPDX-License-Identifier: Apache-2.0
"""Every rule of script/lint finds what it forbids: a small clean tree, and one violation at a time."""
import json
import shutil
import subprocess

import pytest

SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"

CLEAN = {
    "src/rooms.txt": "# room | rooms | alone | never\nbase | | jansson.h | pthread.h\nengine | base | | sys/*\ncli | * | |\n",
    "src/base/text.h": SPDX + "#ifndef BP_TEXT_H\n#define BP_TEXT_H\n\n/** How long. */\nint bp_text_length(const char *text);\n\n#endif\n",
    "src/base/text.c": SPDX + '#include "base/text.h"\n\n#include <string.h>\n\nint bp_text_length(const char *text) {\n'
                              "        return (int)strlen(text);\n}\n",
    "src/engine/engine.c": SPDX + '#include "base/text.h"\n\n#include <stdint.h>\n',
    "include/budpipeline/action.h": SPDX + "#ifndef BP_ACTION_H\n#define BP_ACTION_H\n\n#include <stdint.h>\n\n"
                                           "/** What an action is. */\nstruct bp_action {\n        uint32_t size;\n};\n\n#endif\n",
    "actions/builtin/shout.c": SPDX + "#include <budpipeline/action.h>\n",
    "docs/errors.md": "| `VOICE_LOST` | it was too loud |\n",
    "script/hello": "#!/usr/bin/env bash\n# SPDX-License-Identifier: Apache-2.0\necho hello\n",
    "script/tool.py": "# SPDX-License-Identifier: Apache-2.0\nprint('hello')\n",
}

BODY = "src/base/text.c"
ADDED = "\nint bp_added(void) {{\n        {}\n}}\n"

# Rule, file, and what is appended to it; or a whole new file where it begins with a licence line.
VIOLATIONS = [
    ("rooms", "src/base/bad.c", SPDX + '#include "engine/engine.h"\n'),
    ("rooms", "src/engine/engine.c", "#include <jansson.h>\n"),
    ("rooms", "src/engine/engine.c", "#include <sys/socket.h>\n"),
    ("rooms", "src/base/text.c", '#include "text.h"\n'),
    ("rooms", "src/attic/old.c", SPDX),
    ("rooms", "actions/builtin/shout.c", '#include "base/text.h"\n'),
    ("rooms", "actions/builtin/shout.c", "#include <base/text.h>\n"),
    ("rooms", "actions/builtin/shout.c", "#include <jansson.h>\n"),
    ("rooms", "include/budpipeline/action.h", '#include "base/text.h"\n'),
    ("action-names", BODY, 'static const char *const name = "shout";\n'),
    ("codes", BODY, 'static const char *const code = "NEVER_HEARD";\n'),
    ("codes", "actions/builtin/shout.c", 'static int shout(void *context) {\n        return bp_fail(context, "HOARSE", "x");\n}\n'),
    ("codes", BODY, 'static const struct bp_failure failure = {.code = "HOARSE"};\n'),
    *[("banned", BODY, ADDED.format(call)) for call in (
        "strcpy(a, b);", "strcat(a, b);", "sprintf(a, b);", "strtok(a, b);", "return atoi(a);", "system(a);",
        "popen(a, b);", "alloca (4);", "gets(a);")],
    ("markers", BODY, "/* TO" + "DO: later */\n"),
    ("markers", "script/tool.py", "# FIX" + "ME\n"),
    ("sizes", "src/base/long.c", SPDX + "\n" * 1000),
    ("licence", "src/base/unlicensed.c", "int bp_x;\n"),
    ("licence", "script/other.py", "print('hello')\n"),
    ("docs", "src/base/text.h", "int bp_text_undocumented(void);\n"),
    ("docs", "src/base/text.h", "/* not a doc comment */\nint bp_text_undocumented(void);\n"),
    ("docs", "include/budpipeline/action.h", "struct bp_bare {\n        int x;\n};\n"),
    ("docs", "include/budpipeline/action.h", "#define BP_BARE 1\n"),
    ("docs", "include/budpipeline/action.h", "enum bp_bare {\n        BP_ONE = 1,\n};\n"),
    ("docs", "include/budpipeline/action.h", "extern const int bp_bare;\n"),
    ("docs", "include/budpipeline/action.h", "static inline int bp_bare(void) {\n        return 1;\n}\n"),
    ("python", "script/tool.py", "def broken(:\n"),
    ("shell", "script/hello", "if true; then\n"),
    ("shell", "script/hello", 'for f in $(ls *.c); do rm "$f" $x; done; cd nowhere; echo "${undefined_[0]}" | read y\n[ $z = 1 ] && exit\n'),
    ("format", BODY, "int  bp_crooked( void ){return 1;}\n"),
    ("headers", "include/budpipeline/action.h", "/** x */\nstatic inline void *bp_x(void) {\n        return (size_t)0;\n}\n"),
    ("headers", "include/budpipeline/action.h", "/** C++ has no such conversion. */\nstatic inline int *bp_x(void *p) {\n        return p;\n}\n"),
    ("headers", "src/base/text.h", "/** The type is declared nowhere. */\nsize_t bp_text_size(void);\n"),
    ("compile", BODY, "\nint bp_added(int size);\nint bp_added(int size) {\n        int array[size];\n        return array[0];\n}\n"),
    ("cppcheck", BODY, "\nint bp_added(void);\nint bp_added(void) {\n        int array[2] = {1, 2};\n        return array[2];\n}\n"),
    ("tidy", BODY, "\nint bp_added(int *p);\nint bp_added(int *p) {\n        if (!p)\n                return *p;\n        return 0;\n}\n"),
]


@pytest.fixture
def tree(tmp_path, root):
    for name, text in CLEAN.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in (".clang-format", ".clang-tidy"):
        shutil.copy(root / name, tmp_path)
    sources = [name for name in CLEAN if name.endswith(".c")]
    (tmp_path / "build-lint").mkdir()
    (tmp_path / "build-lint/compile_commands.json").write_text(json.dumps([
        {"directory": str(tmp_path / "build-lint"), "file": f"../{name}",
         "arguments": ["clang", "-Wall", "-Wvla", "-I../include", "-I../src", "-o", "x.o", "-c", f"../{name}"]}
        for name in sources]))
    return tmp_path


def lint(root, tree, *arguments):
    done = subprocess.run([root / "script/lint", "--root", tree, *arguments], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=300)
    assert not done.stderr, done.stderr
    return done


def test_a_clean_tree_has_no_findings(root, tree):
    done = lint(root, tree)
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.parametrize("rule, name, text", VIOLATIONS)
def test_a_violation_is_found(root, tree, rule, name, text):
    path = tree / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)
    done = lint(root, tree, "--only", rule)
    assert done.returncode == 1
    assert f"[{rule}]" in done.stdout and name in done.stdout


@pytest.mark.parametrize("name, text", [
    (BODY, 'static const char *const word = "shout"; /* lint: a word */\n'),
    (BODY, 'static const char *const word = "shouting";\n'),
    (BODY, 'static const char *const code = "VOICE_LOST";\n'),
    (BODY, 'static const char *const variable = "NO_COLOUR"; /* lint: a word */\n'),
    (BODY, 'static const char *const method = "PATCH";\n'),
    (BODY, "/* strcpy(a, b) and system(x) are banned */\n"),
    (BODY, 'static const char *const text = "gets(x)";\n'),
    (BODY, "static int filesystem(int x);\n"),
    ("src/cli/main.c", SPDX + '#include "base/text.h"\n#include "engine/engine.h"\n'),
    ("src/base/inner.h", SPDX + "int bp_inner(void);\n"),
    ("include/budpipeline/action.h", "/** One. */\nenum bp_one {\n        BP_ONE = 1, /**< first */\n};\nstruct bp_forward;\n"),
])
def test_what_only_looks_like_a_violation_is_left_alone(root, tree, name, text):
    path = tree / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)
    done = lint(root, tree, "--only", "rooms", "action-names", "codes", "banned", "docs", "markers")
    assert (done.stdout, done.returncode) == ("", 0)


def test_every_rule_has_a_violation(root):
    listing = subprocess.run([root / "script/lint", "--list"], capture_output=True, text=True, check=True).stdout
    assert {line.split()[0] for line in listing.splitlines()} == {rule for rule, _, _ in VIOLATIONS}
