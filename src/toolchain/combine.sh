#!/bin/sh
# SPDX-License-Identifier: MIT
# Combines objects into one that has what these names need, and no other global
# names.
# usage: combine.sh LD OBJCOPY OUTPUT 'NAME ...' OBJECT...
set -eu
ld=$1 objcopy=$2 output=$3 names=$4
shift 4
roots= keep=
for name in $names; do
	roots="$roots --undefined=$name"
	keep="$keep --keep-global-symbol=$name"
done
# shellcheck disable=SC2086 # lists of words
"$ld" -r --gc-sections $roots -o "$output.all" "$@"
# shellcheck disable=SC2086
"$objcopy" $keep "$output.all" "$output"
rm "$output.all"
