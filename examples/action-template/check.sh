#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the action on the lines of cases.jsonl and compares the answers with expected.jsonl. BUDPIPELINE names another
# program than the one on the path.
set -eu
cd "$(dirname "$0")"
BUDPIPELINE_ACTION_PATH=$PWD "${BUDPIPELINE:-budpipeline}" actions run --jsonl <cases.jsonl | diff - expected.jsonl
echo "shout: all cases passed"
