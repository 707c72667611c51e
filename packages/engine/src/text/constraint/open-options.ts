interface Option {
  readonly tokens: readonly number[];
  readonly target: number;
}

/** What is written of a choice: so many tokens, those of this option. */
interface Written {
  readonly option: number;
  readonly written: number;
}

/** Options that go on from what is written. */
export function openOptions(options: readonly Option[], { option, written }: Written): readonly Option[] {
  const begun = options[option]!.tokens;
  return options.filter(({ tokens }) => begun.slice(0, written).every((token, at) => tokens[at] === token));
}

/** Tokens that all open options have in common next. */
export function forceOption(options: readonly Option[], state: Written): readonly number[] {
  const rests = openOptions(options, state).map(({ tokens }) => tokens.slice(state.written));
  const [first = [], ...others] = rests;
  const differs = first.findIndex((token, at) => others.some((tokens) => tokens[at] !== token));
  return differs < 0 ? first : first.slice(0, differs);
}
