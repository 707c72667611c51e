import { parseSettingsFlags } from '../settings-load.ts';

/** What was asked for on the command line of `npm start`. */
export type StartRequest =
  | { readonly kind: 'help' }
  /** Text values by setting name, as `loadSettings` takes them. */
  | { readonly kind: 'start'; readonly overrides: ReturnType<typeof parseSettingsFlags> };

export const startHelp = `npm start                starts everything: database, model, server; Ctrl-C stops it
npm start -- [options]

  --port N               port to listen on (8080; 0 takes any free one)
  --data FOLDER          database, keys and logs (~/.sparkler)
  --cache FOLDER         downloaded models (~/.cache/sparkler)
  --model NAME           model of the catalogue to serve (smollm2-135m-instruct)
  --no-model             start without a model
  --engine-threads N     threads that the engine computes with (cores - 1)
  --help                 this text

Every other setting works too, as an option or as a variable such as SPARKLER_PORT;
node packages/server/src/main.ts --help=all lists them.
`;

/** Throws SettingsError for anything that is no option, naming what was meant where that is clear. */
export function readStartArguments(flags: readonly string[]): StartRequest {
  if (flags.some((flag) => flag === '--help' || flag === '-h')) return { kind: 'help' };
  const settings = flags.map((flag) => (flag === '--no-model' ? '--model=' : flag));
  return { kind: 'start', overrides: parseSettingsFlags(settings) };
}
