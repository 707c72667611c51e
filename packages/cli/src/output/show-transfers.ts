import type { FilesOptions } from '@sparkler/sdk/node';
import type { Session } from '../session.ts';
import { type ProgressBar, startProgressBar } from './progress-bar.ts';

/** Runs uploads or downloads with a bar for each file, and says which could not be checked. */
export async function showTransfers(
  session: Session,
  run: (options: FilesOptions) => Promise<void>,
): Promise<void> {
  const { streams, flags, signal } = session;
  let shown: { readonly file: string; readonly bar: ProgressBar } | null = null;
  const endBar = (): void => {
    shown?.bar.end();
    shown = null;
  };
  try {
    await run({
      signal,
      onProgress: (file, done, total) => {
        if (shown?.file !== file) {
          endBar();
          shown = { file, bar: startProgressBar(streams, { label: file, total, isQuiet: flags.quiet }) };
        }
        shown.bar.update(done);
      },
      onDone: (file, { isVerified }) => {
        endBar();
        if (!isVerified && !flags.quiet) streams.note(`warning: the server named no checksum of ${file}\n`);
      },
    });
  } finally {
    endBar();
  }
}
