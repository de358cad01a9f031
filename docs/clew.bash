# SPDX-License-Identifier: MIT
# What bash offers after `clew`: sub-commands, their options as --help lists
# them, files.
_clew()
{
	local word=${COMP_WORDS[COMP_CWORD]} commands
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		commands=$("${COMP_WORDS[0]}" --help | sed -n 's/^  clew \([a-z][a-z-]*\).*/\1/p')
		mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
	elif [[ $word == -* ]]; then
		commands=$("${COMP_WORDS[0]}" "${COMP_WORDS[1]}" --help 2>/dev/null |
			grep -o -- ' --[a-z-]*')
		mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}
complete -o filenames -F _clew clew
