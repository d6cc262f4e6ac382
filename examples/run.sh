#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every example with live progress against the service in examples/service, which it starts and stops itself.
#
#   examples/run.sh [BUDPIPELINE]     the program to use; by default the one built in build/
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
budpipeline=$(realpath "${1:-$here/../build/src/cli/budpipeline}")

# Examples that fail on purpose; every other one must complete.
declare -A expected=([07-when-steps-fail]=1)

exec {service}< <(exec python3 "$here/service/serve.py" --port 0)
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
read -r _ _ url <&"$service"
echo "The examples' service is $url"

wrong=0
for file in "$here"/[0-9]*.yaml; do
	name=$(basename "$file" .yaml)
	arguments=()
	if grep -q 'params\.service' "$file"; then
		arguments=(-p "service=$url" --allow-host "${url#http://}")
	fi
	printf '\n=== %s\n' "$name"
	code=0
	"$budpipeline" run "$file" "${arguments[@]}" || code=$?
	if [ "$code" -ne "${expected[$name]:-0}" ]; then
		echo "$name exited with $code, not with ${expected[$name]:-0}" >&2
		wrong=1
	fi
done
echo
[ "$wrong" -eq 0 ] && echo "All examples did what they say."
exit "$wrong"
