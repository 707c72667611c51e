import { Argument, type Command } from 'commander';
import type { Act } from '../act.ts';
import { listCommands } from './command-tree.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

/** `firectl completion bash|zsh|fish`: a script with all words of the command tree, to be sourced. */
export function addCompletionCommand(program: Command, _act: Act, makeWhole: () => Promise<Command>): void {
  const command = program
    .command('completion')
    .addArgument(new Argument('<shell>').choices(shells))
    .description('Print a script that completes commands and flags.')
    .addHelpText(
      'after',
      '\nExamples:\n  source <(firectl completion bash)\n  firectl completion fish > ~/.config/fish/completions/firectl.fish',
    );
  command.action(async (shell: Shell) => {
    program.configureOutput().writeOut?.(writeScript[shell](listWords(await makeWhole())));
  });
}

/**
 * Words that may follow, by the words before: `get model` -> `--api-key …`. Aliases have lines of their own.
 */
function listWords(program: Command): Map<string, string> {
  const globals = longFlags(program);
  const words = new Map<string, string>();
  for (const { path, command } of listCommands(program)) {
    const children = command.commands.map((child) => child.name());
    const following = [...children, ...new Set([...longFlags(command), ...globals, '--help'])].join(' ');
    const names = [path.at(-1) ?? '', ...command.aliases()];
    for (const name of names) words.set([...path.slice(0, -1), name].join(' '), following);
  }
  return words;
}

function longFlags(command: Command): string[] {
  return command.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long]));
}

/** Each script walks the words typed so far down the table, skipping flags, and offers what may follow. */
const writeScript: Readonly<Record<Shell, (words: ReadonlyMap<string, string>) => string>> = {
  bash: (words) => `_firectl_words() {
  case "$1" in
${writeCases(words)}
    *) return 1 ;;
  esac
}
_firectl() {
  local at="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    _firectl_words "\${at:+$at }$word" >/dev/null && at="\${at:+$at }$word"
  done
  COMPREPLY=($(compgen -W "$(_firectl_words "$at")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _firectl firectl
`,
  zsh: (words) => `#compdef firectl
_firectl_words() {
  case "$1" in
${writeCases(words)}
    *) return 1 ;;
  esac
}
_firectl() {
  local at="" word
  for word in "\${words[@]:1:$((CURRENT - 2))}"; do
    _firectl_words "\${at:+$at }$word" >/dev/null && at="\${at:+$at }$word"
  done
  compadd -- \${=$(_firectl_words "$at")}
  _files
}
compdef _firectl firectl
`,
  fish: (words) => `function __firectl_words
  switch "$argv[1]"
${[...words].map(([at, following]) => `    case '${at}'\n      string split ' ' -- '${following}'`).join('\n')}
    case '*'
      return 1
  end
end
function __firectl_complete
  set -l at ''
  for word in (commandline -opc)[2..]
    set -l next (string trim -- "$at $word")
    __firectl_words "$next" >/dev/null; and set at $next
  end
  __firectl_words "$at"
end
complete -c firectl -a '(__firectl_complete)'
`,
};

function writeCases(words: ReadonlyMap<string, string>): string {
  return [...words].map(([at, following]) => `    "${at}") echo "${following}" ;;`).join('\n');
}
