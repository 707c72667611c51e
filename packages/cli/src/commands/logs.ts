import type { Command } from 'commander';
import type { Act } from '../act.ts';
import { fillPath, methodOf, resolveName, sendCall } from '../calls.ts';
import { resources } from '../contract.ts';
import { readName } from '../names.ts';
import { type Noun, nouns, spell } from '../nouns.ts';
import type { Session } from '../session.ts';

/** Fields that lead to logs or, where there are none, to what was measured. */
const urlFields = ['trainerLogsSignedUrl', 'metricsFileSignedUrl'] as const;

/** `firectl logs <resource> <id>`, for every resource that has logs in the contract. */
export function addLogsCommand(program: Command, act: Act): void {
  const logs = program.command('logs').description('Print what a job has logged.');
  for (const noun of nouns) {
    const { methods, schema } = resources[noun.key];
    const hasUrl = urlFields.some((field) => schema.properties?.[field] !== undefined);
    if (methods.getLogs === undefined && !hasUrl) continue;
    const command = logs
      .command(`${noun.singular} [id]`)
      .aliases(noun.aliases.filter((name) => !name.endsWith('s')))
      .description(`Print what one ${spell(noun.singular)} has logged.`)
      .addHelpText('after', `\nExample:\n  firectl logs ${noun.singular} my-${noun.singular}`);
    const print = methods.getLogs === undefined ? printFromUrl : printEntries;
    command.action(
      act(async (session: Session, id: string | undefined) =>
        print(session, noun, await resolveName(session, resources[noun.key], readName(id))),
      ),
    );
  }
}

async function printFromUrl(session: Session, noun: Noun, name: string): Promise<void> {
  const method = methodOf(resources[noun.key], 'get', 'get');
  const job = await sendCall<Partial<Record<(typeof urlFields)[number], string>>>(session, { method, name });
  const url = urlFields.map((field) => job?.[field] ?? '').find((given) => given !== '');
  if (url === undefined) {
    throw new Error(`the server gives no logs of ${name}; its state: firectl get ${noun.singular} <id>`);
  }
  const response = await fetch(url, { signal: session.signal });
  if (!response.ok) throw new Error(`the logs of ${name} cannot be fetched: status ${response.status}`);
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? [])
    session.streams.write(decoder.decode(bytes, { stream: true }));
}

interface LogPage {
  readonly entries?: readonly { readonly logTime?: string; readonly message?: string }[];
  readonly nextPageToken?: string;
}

async function printEntries(session: Session, noun: Noun, name: string): Promise<void> {
  const path = fillPath(methodOf(resources[noun.key], 'getLogs', 'verb').path, name);
  let pageToken: string | undefined;
  do {
    const page: LogPage = await session.client().resources.http.json({
      method: 'GET',
      path,
      query: { pageToken, startFromHead: true },
      options: { signal: session.signal },
    });
    for (const { logTime, message } of page.entries ?? [])
      session.streams.out([logTime, message].filter(Boolean).join(' '));
    pageToken = page.nextPageToken || undefined;
  } while (pageToken !== undefined);
}
