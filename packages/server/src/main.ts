import { runUntilSignal } from './bootstrap/run-until-signal.ts';
import { startServer } from './bootstrap/start-server.ts';
import { describeSettings } from './settings.ts';
import { loadSettings, parseSettingsFlags } from './settings-load.ts';

export type { StartEvent, StartListener, StartStep } from './bootstrap/progress.ts';
export { type RunCallbacks, runUntilSignal } from './bootstrap/run-until-signal.ts';
export { type RunningServer, type StartHooks, startServer } from './bootstrap/start-server.ts';

const help = `The sparkler server, long-running and plain; npm start is the friendly way.

  node packages/server/src/main.ts [--help | --help=all] [options]

Each setting is a variable, an option, or a key of <data folder>/config.json (or .toml; SPARKLER_CONFIG names another
file). Options win over variables, variables over the file.

`;

async function main(flags: readonly string[]): Promise<number> {
  const wanted = flags.find((flag) => /^(-h|--help(=all)?)$/.test(flag));
  if (wanted !== undefined) {
    process.stdout.write(`${help}${describeSettings({ advanced: wanted === '--help=all' })}\n`);
    return 0;
  }
  const { settings, warnings } = loadSettings(process.env, parseSettingsFlags(flags));
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  return runUntilSignal((stopping) => startServer(settings, { signal: stopping }), {
    async onRunning({ baseUrl, newApiKey, apiKeyFile, makeSignInLink }) {
      if (baseUrl !== null) process.stdout.write(`Listening on ${baseUrl}\n`);
      if (newApiKey !== null) process.stdout.write(`API key ${newApiKey}, kept in ${apiKeyFile}\n`);
      const link = await makeSignInLink();
      if (link !== null) process.stdout.write(`Sign in once, within 10 minutes: ${link}\n`);
    },
  });
}

if (import.meta.main) {
  // `main.ts | head` closes the pipe early; the server goes on, it only has nobody to tell any more.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  main(process.argv.slice(2)).then(
    (code) => process.exit(code),
    (error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    },
  );
}
