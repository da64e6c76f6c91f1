#!/usr/bin/env bash
# Builds `rowsafe` from the repository that contains this action.
#   key    prints a digest of the sources, for a cache
#   build  installs Rust if it is missing, and builds
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)

case "$1" in
key)
    # The sources alone: other files of the repository do not change the program.
    key=$(cd "$root" && find Cargo.toml Cargo.lock crates/*/Cargo.toml crates/*/src \
        -type f -print0 | LC_ALL=C sort -z | xargs -0 cat | git hash-object --stdin)
    echo "key=$key" >>"$GITHUB_OUTPUT"
    ;;
build)
    cd "$root"
    needed=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    if ! command -v cargo >/dev/null 2>&1 && ! command -v rustup >/dev/null 2>&1; then
        curl --proto '=https' --tlsv1.2 --silent --show-error --fail https://sh.rustup.rs |
            sh -s -- -y --profile minimal --default-toolchain "$needed"
        export PATH="$HOME/.cargo/bin:$PATH"
    fi
    # An installed toolchain is used as it is. A runner may be shared, so the toolchain of its owner
    # is never updated: if it is too old, the required one is added beside it, under its own number.
    found=$(cargo --version 2>/dev/null | cut -d ' ' -f 2 || true)
    oldest=$(printf '%s\n%s\n' "$needed" "${found:-0}" | sort -t . -k 1,1n -k 2,2n | head -n 1)
    if [ "$oldest" != "$needed" ]; then
        if ! command -v rustup >/dev/null 2>&1; then
            echo "error: Rust $needed is needed, but ${found:-none} is installed" >&2
            echo "hint: install it on the runner before this step" >&2
            exit 2
        fi
        rustup toolchain install "$needed" --profile minimal --no-self-update
        export RUSTUP_TOOLCHAIN=$needed
    fi
    cargo install --locked --path crates/rowsafe --root "$RUNNER_TEMP/rowsafe"
    ;;
*)
    echo "error: \`$1\` is neither \`key\` nor \`build\`" >&2
    exit 2
    ;;
esac
