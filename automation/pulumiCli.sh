#!/bin/sh
# Unpacks a Pulumi CLI once it is known to be what its release says: `pulumiCli.sh <folder with the archive> <checksums> <target>`.
set -eu
cd "$1"
archive=$(echo pulumi-v*.tar.gz)
# Exactly one line, of exactly this name: else nothing was checked.
line=$(grep -E "^[0-9a-f]{64} [ *]$archive\$" "$2") || { echo "$2 has no SHA-256 of $archive" >&2; exit 1; }
echo "$line" | sha256sum --check --strict
mkdir -p "$3"
tar -xzf "$archive" -C "$3" --strip-components=1
