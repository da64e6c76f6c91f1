#!/usr/bin/env bash
# Builds `verify-migrations` from the repository that holds this action.
#   key    says what would be built, for a cache
#   build  installs Rust where there is none, and builds
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)

case "$1" in
key)
    # The sources alone: what else the repository holds does not change the program.
    key=$(cd "$root" && find Cargo.toml Cargo.lock crates/*/Cargo.toml crates/*/src -type f -print0 |
        LC_ALL=C sort -z | xargs -0 cat | git hash-object --stdin)
    echo "key=$key" >>"$GITHUB_OUTPUT"
    ;;
build)
    if ! command -v cargo >/dev/null 2>&1; then
        curl --proto '=https' --tlsv1.2 --silent --show-error --fail https://sh.rustup.rs |
            sh -s -- -y --profile minimal --default-toolchain stable
        export PATH="$HOME/.cargo/bin:$PATH"
    fi
    # The repository that is judged may ask for an older compiler; this one is built with its own.
    if command -v rustup >/dev/null 2>&1; then
        rustup toolchain install stable --profile minimal --no-self-update
        export RUSTUP_TOOLCHAIN=stable
    fi
    cd "$root"
    cargo install --locked --path crates/harness --bin verify-migrations --root "$RUNNER_TEMP/verify-migrations"
    ;;
*)
    echo "error: \`$1\` is neither \`key\` nor \`build\`" >&2
    exit 2
    ;;
esac
