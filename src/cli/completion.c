/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra completion`: for each shell a function that asks `tetra __complete` (complete.c). */
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "cli/command.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char script_bash[] =
	"# bash completion of tetra; tetra itself says what is possible\n"
	"_tetra() {\n"
	"\tlocal line directive=0 cur=${COMP_WORDS[COMP_CWORD]} i\n"
	"\tlocal -a words=()\n"
	"\tCOMPREPLY=()\n"
	"\t# bash splits words at = and :, tetra does not\n"
	"\tfor ((i = 1; i <= COMP_CWORD; i++)); do\n"
	"\t\tif [[ ${COMP_WORDS[i]} == [=:] || ${COMP_WORDS[i-1]} == [=:] ]] && ((${#words[@]})); then\n"
	"\t\t\twords[-1]+=${COMP_WORDS[i]}\n"
	"\t\telse\n"
	"\t\t\twords+=(\"${COMP_WORDS[i]}\")\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tlocal last=${words[-1]}\n"
	"\t[[ $cur == [=:] ]] && cur=\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tcase $line in\n"
	"\t\t:*) directive=${line#:} ;;\n"
	"\t\t*) line=${line%%$'\\t'*}; COMPREPLY+=(\"${line#\"${last%\"$cur\"}\"}\") ;;\n"
	"\t\tesac\n"
	"\tdone < <(tetra __complete \"${words[@]}\" 2>/dev/null)\n"
	"\tif ((directive & 16)); then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
	"\telif ((!(directive & 4) && !${#COMPREPLY[@]})); then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\tfi\n"
	"}\n"
	"complete -o filenames -F _tetra tetra\n";

static const char script_zsh[] =
	"#compdef tetra\n"
	"# zsh completion of tetra; tetra itself says what is possible\n"
	"_tetra() {\n"
	"\tlocal line directive=0 word\n"
	"\tlocal -a answers\n"
	"\tfor line in ${(f)\"$(tetra __complete \"${(@Q)words[2,CURRENT]}\" 2>/dev/null)\"}; do\n"
	"\t\tif [[ $line == :* ]]; then\n"
	"\t\t\tdirective=${line#:}\n"
	"\t\telse\n"
	"\t\t\tword=${${line%%$'\\t'*}//:/\\\\:}\n"
	"\t\t\tif [[ $line == *$'\\t'* ]]; then\n"
	"\t\t\t\tanswers+=(\"$word:${line#*$'\\t'}\")\n"
	"\t\t\telse\n"
	"\t\t\t\tanswers+=(\"$word\")\n"
	"\t\t\tfi\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tif ((directive & 16)); then\n"
	"\t\t_files -/\n"
	"\telif ((${#answers})); then\n"
	"\t\t_describe 'tetra' answers\n"
	"\telif ((!(directive & 4))); then\n"
	"\t\t_files\n"
	"\tfi\n"
	"}\n"
	"if [ \"$funcstack[1]\" = _tetra ]; then\n"
	"\t_tetra \"$@\"\n"
	"else\n"
	"\tcompdef _tetra tetra\n"
	"fi\n";

static const char script_fish[] = "# fish completion of tetra; tetra itself says what is possible\n"
				  "function __tetra_complete\n"
				  "\tset -l words (commandline -opc)[2..-1]\n"
				  "\tset -l last (commandline -ct)\n"
				  "\tset -l lines (tetra __complete $words \"$last\" 2>/dev/null)\n"
				  "\tset -l directive (string replace ':' '' -- $lines[-1])\n"
				  "\tif test (math \"floor($directive / 16) % 2\") = 1\n"
				  "\t\t__fish_complete_directories \"$last\"\n"
				  "\telse if test (count $lines) -gt 1\n"
				  "\t\tstring join \\n -- $lines[1..-2]\n"
				  "\telse if test (math \"floor($directive / 4) % 2\") = 0\n"
				  "\t\t__fish_complete_path \"$last\"\n"
				  "\tend\n"
				  "end\n"
				  "complete -c tetra -e\n"
				  "complete -c tetra -f -a '(__tetra_complete)'\n";

static const struct {
	const char *shell;
	const char *script;
} shells[] = {
	{ "bash", script_bash },
	{ "zsh", script_zsh },
	{ "fish", script_fish },
};

static enum cli_exit completion_run(const struct cli_settings *cli, const void *settings)
{
	const char *shell = cli->words->items[0];
	struct suggest suggest = suggest_start(shell);

	for (size_t i = 0; i < COUNT(shells); i++) {
		if (strcmp(shells[i].shell, shell) == 0)
			return fputs(shells[i].script, stdout) < 0 ? CLI_FAILED : CLI_DONE;
		suggest_offer(&suggest, shells[i].shell);
	}
	if (suggest.best)
		cli_complain("unknown shell \"%s\"; did you mean \"%s\"?", shell, suggest.best);
	else
		cli_complain("unknown shell \"%s\"; want bash, zsh or fish", shell);
	return CLI_USAGE;
}

const struct command command_completion = {
	.path = "completion",
	.about = "completion of commands and flags for a shell",
	.words = "SHELL",
	.words_count = 1,
	.word_kinds = "bash|zsh|fish",
	.is_offline = true,
	.more = "SHELL is bash, zsh or fish. \"make install\" puts all three where the shells look.\n",
	.examples = "source <(tetra completion bash)\n"
		    "tetra completion zsh > \"${fpath[1]}/_tetra\"\n"
		    "tetra completion fish > ~/.config/fish/completions/tetra.fish\n",
	.run = completion_run,
};
