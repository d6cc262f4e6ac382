#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a test program with a planted mistake: caught.py PROGRAM CASE. Succeeds when this case of it fails, by what it
checks and not by a crash."""
import subprocess
import sys


def main():
    program, case = sys.argv[1:]
    done = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    output = done.stdout.decode(errors="replace")
    sys.stdout.write(output)
    if f"[  FAILED  ] {case}" not in output:
        sys.exit(f"the mistake was not caught by {case}")


if __name__ == "__main__":
    main()
