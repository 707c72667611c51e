import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { openLogFile } from '../launch/log-file.ts';
import type { Settings } from '../settings.ts';

/** How often the log's size is looked at. */
const boundMs = 60_000;

/** The server's log goes to a file of the data folder: the screen is for the person who started it. */
export function openServerLog(settings: Settings): { readonly log: Logger; readonly path: string } {
  const path = join(settings.dataFolder, 'logs', 'server.log');
  try {
    const file = openLogFile(path);
    setInterval(() => file.bound(), boundMs).unref();
    const log = pino({ level: settings.logLevel }, { write: (line) => writeSync(file.descriptor, line) });
    return { log, path };
  } catch {
    // The data folder can't be written. The start looks at it next and says so better than a log could.
    return { log: pino({ level: 'silent' }), path };
  }
}
