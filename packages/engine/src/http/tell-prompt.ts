import type { ServerResponse } from 'node:http';
import type { EngineRequestExtension } from '@sparkler/api';

/** Early hints are about links, and Node sends none without one; this one leads nowhere else. */
const link = '</>; rel=index';

/**
 * Tells a gateway that asked for it (`tell_prompt`) how many tokens a request's prompts have, before anything
 * is computed: a 103 with the header that the response has too.
 */
export function tellPrompt(
  extension: EngineRequestExtension | null | undefined,
  raw: ServerResponse,
  promptTokens: number,
): void {
  if (extension?.tell_prompt !== true) return;
  raw.writeEarlyHints({ link, 'fireworks-prompt-tokens': String(promptTokens) });
}
