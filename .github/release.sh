#!/usr/bin/env bash
# The steps of a release (RELEASING.md). Bash 3.2, which macOS has, runs it.
#   set-version VERSION          write the version of all crates into Cargo.toml
#   version-matches-tag TAG      fail unless TAG is the version, and CHANGELOG.md has a section for it
#   notes                        print the section of CHANGELOG.md for the version
#   semver                       compare each public API with that of the previous tag
#   advisories                   look for published vulnerabilities of the dependencies
#   build TARGET                 build `rowsafe` for a target of rustc
#   try TARGET                   run the program, if this machine can
#   package TARGET FOLDER        put it into FOLDER/rowsafe-VERSION-TARGET.tar.gz
#   checksums FOLDER             write FOLDER/SHA256SUMS
#   draft TAG                    make a draft of a release on GitHub
#   upload TAG FOLDER            add the archives of FOLDER to it
#   upload-checksums TAG FOLDER  fetch its archives to FOLDER, and add SHA256SUMS
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# Versions of tools that a release is checked with; they need a newer Rust than the crates.
semver_checks=0.51.0
deny=0.20.2

fail() {
    echo "error: $1" >&2
    if [ $# -gt 1 ]; then
        echo "hint: $2" >&2
    fi
    exit 1
}

# The version of all crates.
version() {
    sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml
}

# The published packages: those below `crates` without `publish = false`.
packages() {
    local manifest
    for manifest in crates/*/Cargo.toml; do
        if ! grep -q '^publish = false' "$manifest"; then
            sed -n '/^\[package\]/,/^$/s/^name = "\(.*\)"$/\1/p' "$manifest"
        fi
    done
}

# The path of the program in the target folder.
program() {
    local ending=
    case "$1" in *windows*) ending=.exe ;; esac
    echo "${CARGO_TARGET_DIR:-target}/$1/release/rowsafe$ending"
}

sha256() {
    if command -v sha256sum >/dev/null 2>&1; then
        sha256sum "$@"
    else
        shasum -a 256 "$@"
    fi
}

need() {
    if ! command -v "cargo-$1" >/dev/null 2>&1; then
        cargo install --locked "cargo-$1" --version "$2"
    fi
}

notes() {
    local text name
    text=$(awk -v heading="## $(version)" '
        /^## / { inside = ($0 == heading || index($0, heading " ") == 1); next }
        inside' CHANGELOG.md)
    if [ -z "${text//[[:space:]]/}" ]; then
        fail "CHANGELOG.md has no section \`## $(version)\`, or nothing is in it" \
            "rename the section \`Unreleased\`"
    fi
    # A section of a release has one for each crate that changed.
    while IFS= read -r name; do
        case "$name" in
        Security | "Upgrade from"*) continue ;;
        esac
        if ! packages | grep -qxF -- "$name"; then
            fail "CHANGELOG.md: \`### $name\` names no package of this workspace"
        fi
    done < <(printf '%s\n' "$text" | sed -n 's/^### //p')
    printf '%s\n' "$text"
}

command=${1-}
case "$command" in
set-version)
    case "$2" in
    [0-9]*.[0-9]*.[0-9]*) ;;
    *) fail "\`$2\` is not a version" ;;
    esac
    old=$(version | sed 's/\./\\./g')
    # The version of the workspace, and the version of each dependency inside it.
    sed -e "s/^version = \"$old\"\$/version = \"$2\"/" \
        -e "/path = \"crates\//s/version = \"$old\"/version = \"$2\"/" Cargo.toml >Cargo.toml.new
    mv Cargo.toml.new Cargo.toml
    ;;
version-matches-tag)
    if [ "$2" != "v$(version)" ]; then
        fail "the tag is \`$2\`, and the crates have version $(version)" \
            "\`bash .github/release.sh set-version ${2#v}\`, or choose a different tag"
    fi
    notes >/dev/null
    ;;
notes)
    notes
    ;;
semver)
    if ! before=$(git describe --tags --abbrev=0 --match 'v*' HEAD^ 2>/dev/null); then
        echo "skipped: there is no release before this one"
        exit 0
    fi
    need semver-checks "$semver_checks"
    for package in $(packages); do
        # A crate that the tag does not have is new.
        if git grep -q "^name = \"$package\"\$" "$before" -- 'crates/*/Cargo.toml'; then
            cargo semver-checks --baseline-rev "$before" --package "$package"
        fi
    done
    ;;
advisories)
    need deny "$deny"
    cargo deny check advisories
    ;;
build)
    rustup target add "$2"
    cargo build --release --locked --package rowsafe --target "$2"
    ;;
try)
    program=$(program "$2")
    host=$(rustc -vV | sed -n 's/^host: //p')
    # A musl program also runs on a glibc system.
    if [ "${2%-*}" != "${host%-*}" ]; then
        echo "skipped: $host may not run what was built for $2"
        exit 0
    fi
    printed=$("$program" --version)
    if [ "$printed" != "rowsafe $(version)" ]; then
        fail "the program prints \`$printed\`, not \`rowsafe $(version)\`"
    fi
    ;;
package)
    name=rowsafe-$(version)-$2
    program=$(program "$2")
    if [ ! -f "$program" ]; then
        fail "\`$program\` does not exist" "\`bash .github/release.sh build $2\`"
    fi
    mkdir -p "$3/$name"
    cp "$program" LICENSE-APACHE LICENSE-MIT CHANGELOG.md SECURITY.md "$3/$name/"
    cp crates/rowsafe/README.md "$3/$name/README.md"
    tar -czf "$3/$name.tar.gz" -C "$3" "$name"
    rm -r "${3:?}/$name"
    ;;
checksums)
    cd "$2"
    # Names without a folder, so that `sha256sum --check` works beside the archives.
    sha256 -- *.tar.gz >SHA256SUMS
    cat SHA256SUMS
    ;;
draft)
    notes >"${RUNNER_TEMP:?}/notes.md"
    gh release create "$2" --draft --verify-tag --title "$2" --notes-file "$RUNNER_TEMP/notes.md"
    ;;
upload)
    gh release upload "$2" "$3"/*.tar.gz
    ;;
upload-checksums)
    mkdir -p "$3"
    gh release download "$2" --dir "$3" --pattern '*.tar.gz'
    bash "$root/.github/release.sh" checksums "$3"
    gh release upload "$2" "$3/SHA256SUMS"
    ;;
*)
    fail "\`$command\` is no step of a release" "the steps are listed at the head of the script"
    ;;
esac
