import { methodOf, sendCall } from '../calls.ts';
import { resources } from '../contract.ts';
import type { Noun } from '../nouns.ts';
import type { Session } from '../session.ts';
import { sendCreate } from './create.ts';

/**
 * Creates a resource that has files; one whose upload was begun and not ended is gone on with. Null with
 * `--dry-run`.
 */
export async function createOrResume(
  session: Session,
  noun: Noun,
  resource: Readonly<Record<string, unknown>>,
  id: string,
): Promise<{ readonly name: string } | null> {
  try {
    return await sendCreate(session, noun, resource, id);
  } catch (error) {
    if ((error as { status?: number }).status !== 409) throw error;
    const { pattern } = resources[noun.key];
    const account = await session.client().resources.account();
    const name = pattern.replace(/\{\w+\}/, account).replace(/\{\w+\}/, id);
    const method = methodOf(resources[noun.key], 'get', 'get');
    const begun = await sendCall<{ name: string; state?: string }>(session, { method, name });
    if (begun?.state !== 'UPLOADING') throw error;
    if (!session.flags.quiet) session.streams.note(`Going on with the upload of ${name}\n`);
    return begun;
  }
}
