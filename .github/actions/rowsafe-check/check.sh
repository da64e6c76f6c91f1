#!/usr/bin/env bash
# Runs `rowsafe check` with the inputs of the action. It must run on Bash 3.2, as on macOS.
set -euo pipefail

words=()
# These inputs are options of the command under the same name; an empty one is not passed on.
for option in layout base since foreign-keys transaction allow-drops baseline fail-on; do
    name=INPUT_$(echo "$option" | tr 'a-z-' 'A-Z_')
    value=${!name-}
    if [ -n "$value" ]; then
        words+=("--$option=$value")
    fi
done
while IFS= read -r line; do
    if [ -n "$line" ]; then
        words+=("$line")
    fi
done <<<"${INPUT_OPTIONS-}"

format=text
if [ "${INPUT_ANNOTATIONS-}" = true ]; then
    format=github
fi
words+=("--format=$format")
if [ "${INPUT_SUMMARY-}" = true ]; then
    words+=("--also=markdown=$GITHUB_STEP_SUMMARY")
fi
if [ -n "${INPUT_JUNIT-}" ]; then
    words+=("--also=junit=$INPUT_JUNIT")
fi
sarif=${INPUT_SARIF-}
if [ "${INPUT_UPLOAD_SARIF-}" = true ] && [ -z "$sarif" ]; then
    sarif=$RUNNER_TEMP/rowsafe.sarif
fi
if [ -n "$sarif" ]; then
    # A file of an earlier step must not be taken for that of this step.
    rm -f -- "$sarif"
    words+=("--also=sarif=$sarif")
fi

code=0
"$RUNNER_TEMP/rowsafe/bin/rowsafe" check "${words[@]}" -- "$INPUT_FOLDER" || code=$?
echo "exit-code=$code" >>"$GITHUB_OUTPUT"
if [ -n "$sarif" ] && [ -f "$sarif" ]; then
    echo "sarif=$sarif" >>"$GITHUB_OUTPUT"
fi
exit "$code"
