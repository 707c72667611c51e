/**
 * Which way imports go (ARCHITECTURE.md, "The rooms"). Packages are listed with all that they may import;
 * inside the server and the engine, folders are listed with what they may not (as values: contracts are
 * shared as types).
 */

/** package -> packages it may import. */
export const allowedPackages: Readonly<Record<string, readonly string[]>> = {
  api: [],
  grammar: [],
  llama: [],
  engine: ['api', 'grammar', 'llama'],
  trainer: ['llama'],
  server: ['api', 'grammar'],
  sdk: ['api'],
  cli: ['api', 'sdk'],
  reward: ['api', 'sdk'],
  console: ['api', 'sdk'],
};

/** Processes that others meet over HTTP or JSONL: only tests, benchmarks and tools import them. */
export const processPackages: readonly string[] = ['server', 'engine', 'trainer'];

export interface FolderRule {
  /** Folder inside a package's src. */
  readonly from: string;
  readonly mayNotImport: readonly string[];
  readonly why: string;
}

/** package -> rules between its folders. */
export const folderRules: Readonly<Record<string, readonly FolderRule[]>> = {
  server: [
    {
      from: 'resources',
      mayNotImport: ['reconcile', 'launch', 'inference'],
      why: 'handlers write what is wanted; the reconciler does it',
    },
    {
      from: 'reconcile',
      mayNotImport: ['http', 'resources'],
      why: 'a reconciler knows the store and the launchers, no request',
    },
    {
      from: 'launch',
      mayNotImport: ['http', 'resources', 'reconcile', 'inference'],
      why: 'a launcher starts and watches processes, whoever asks',
    },
    {
      from: 'store',
      mayNotImport: ['http', 'resources', 'reconcile', 'inference', 'ledger', 'catalogue', 'bootstrap'],
      why: 'below the store there is only launch, which starts the embedded Postgres',
    },
    {
      from: 'ledger',
      mayNotImport: ['http', 'resources', 'reconcile', 'launch', 'inference'],
      why: 'the ledger counts; who is counted is told to it',
    },
    {
      from: 'inference',
      mayNotImport: ['resources', 'reconcile', 'launch'],
      why: 'the data plane lives on its in-memory snapshot',
    },
    {
      from: 'catalogue',
      mayNotImport: ['http', 'resources', 'reconcile', 'launch', 'inference', 'store', 'ledger', 'bootstrap'],
      why: 'the catalogue is data and downloads, usable without a server',
    },
  ],
  engine: [
    { from: 'core', mayNotImport: ['http', 'runners', 'text'], why: 'the core knows token ids only' },
    { from: 'runners', mayNotImport: ['http', 'text'], why: 'a runner knows no request and no text' },
    { from: 'text', mayNotImport: ['http', 'runners'], why: 'templates and parsers are pure' },
  ],
};
