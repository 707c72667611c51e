import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { describeError } from '../exit-codes.ts';
import { printResource } from '../output/print-resource.ts';
import type { Session } from '../session.ts';

/** What a check found; it throws when something is wrong, its message saying what to do. */
type Check = (session: Session) => Promise<string>;

/** A signed URL with a clock further off than this may be refused. */
const clockSkewMaxMs = 60_000;

const checks: readonly (readonly [name: string, check: Check])[] = [
  ['profile', findProfile],
  ['server', findServer],
  ['ready', findReadiness],
  ['key', findAccount],
  ['clock', compareClocks],
  ['models', countModels],
];

/** `firectl doctor`: looks at everything that a first call needs, and says what to mend. */
export function addDoctorCommand(program: Command, act: Act): void {
  const command = program
    .command('doctor')
    .description('Check the key, the server, the account, the clock and the models served.')
    .addHelpText('after', '\nExample:\n  firectl doctor');
  command.action(act((session: Session) => runChecks(session)));
}

async function runChecks(session: Session): Promise<void> {
  const found: { check: string; ok: boolean; detail: string }[] = [];
  for (const [check, find] of checks) {
    const outcome = await find(session).then(
      (detail) => ({ ok: true, detail }),
      (error: unknown) => ({ ok: false, detail: describeError(error) }),
    );
    found.push({ check, ...outcome });
  }
  if (session.flags.output === 'json') printResource(session, found);
  else {
    const lines = found.map(
      ({ check, ok, detail }) => `${ok ? 'ok  ' : 'BAD '}  ${check.padEnd(7)}  ${detail}`,
    );
    session.streams.out(lines.join('\n'));
  }
  const bad = found.filter(({ ok }) => !ok);
  if (bad.length > 0) throw new Error(`${bad.length} of ${found.length} checks failed`);
}

async function findProfile({ authFile, profileName, environment, flags }: Session): Promise<string> {
  if (flags.apiKey !== undefined) return 'the key comes from --api-key';
  if (environment.FIREWORKS_API_KEY !== undefined) return 'the key comes from FIREWORKS_API_KEY';
  if (!existsSync(authFile)) throw new Error(`there is no ${authFile}: run firectl signin`);
  return `${profileName} in ${authFile}`;
}

async function findServer(session: Session): Promise<string> {
  const { http } = session.client().resources;
  const { version } = await http.json<{ version?: string }>({ method: 'GET', path: '/healthz' });
  return `${http.settings.origin} (version ${version ?? 'unknown'})`;
}

async function findReadiness(session: Session): Promise<string> {
  await session.client().resources.http.raw({ method: 'GET', path: '/readyz', options: { retriesMax: 0 } });
  return 'takes requests';
}

async function findAccount(session: Session): Promise<string> {
  const { accountId, userId } = await session.client().resources.identify();
  return `belongs to account ${accountId}${userId === '' ? '' : `, user ${userId}`}`;
}

async function compareClocks(session: Session): Promise<string> {
  const response = await session.client().resources.http.raw({ method: 'GET', path: '/healthz' });
  const serverMs = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(serverMs)) return 'the server does not tell its time';
  const skewMs = Math.abs(Date.now() - serverMs);
  if (skewMs <= clockSkewMaxMs) return 'agrees with that of the server';
  throw new Error(`${Math.round(skewMs / 1000)} s apart from that of the server: set one of them right`);
}

async function countModels(session: Session): Promise<string> {
  const served = await session.client().servedModels.list();
  const ids = served.data.map(({ id }) => id);
  if (ids.length === 0) throw new Error('no model is served: deploy one with firectl create deployment');
  return `${ids.length} served, among them ${ids.slice(0, 3).join(', ')}`;
}
