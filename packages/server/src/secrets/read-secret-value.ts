import { invalidField, parseName } from '@sparkler/api';
import { secrets } from '@sparkler/api/resources';
import type { Database } from '../store/database.ts';
import { readSecret } from '../store/secrets.ts';
import type { SecretSealer } from './seal.ts';

/** What the value of a secret is sealed for. */
export const placeOfSecret = (name: string): string => `the value of ${name}`;

/**
 * What a caller gave for a key or a password: the text itself, or where it is the name of a secret of their
 * account (`accounts/A/secrets/S`), its value. Throws ApiError (400) naming `field`.
 */
export async function readSecretValue(
  { db, sealer }: { readonly db: Database; readonly sealer: SecretSealer },
  account: string,
  field: string,
  given: string,
): Promise<string> {
  const ids = parseName(secrets.pattern, given);
  if (ids === null) return given;
  const found = ids.account === account ? await readSecret(db, given) : null;
  if (found === null) throw invalidField(field, `account ${account} has no ${given}`);
  return sealer.openSecret(found.sealed, placeOfSecret(given));
}
