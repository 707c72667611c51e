import { ApiError, changeResource, checkResourceId, invalidField } from '@sparkler/api';
import { secrets } from '@sparkler/api/resources';
import { checkIfMatch } from '../http/etag.ts';
import { placeOfSecret } from '../secrets/read-secret-value.ts';
import { isDuplicate } from '../store/postgres-errors.ts';
import {
  deleteSecret,
  insertSecret,
  listSecrets,
  readSecret,
  type StoredSecret,
  updateSecret,
} from '../store/secrets.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import type { HandlersOf } from './handler.ts';

/** Values under a name. They are encrypted as they come in, and go out to what uses them only. */
export function makeSecretHandlers({ db, sealer }: ControlPlaneContext): HandlersOf<typeof secrets> {
  const seal = (name: string, value: string) => sealer.sealSecret(value, placeOfSecret(name));
  return {
    list: ({ ids, list }) => listSecrets(db, ids.account, list),
    get: async ({ name }) => requireSecret(name, await readSecret(db, name)).secret,
    async create({ ids, resource }) {
      const name = readSecretName(resource.name ?? '', ids.account);
      const { keyName = '', value = '' } = resource;
      checkKeyName(keyName);
      if (value === '')
        throw invalidField('value', "missing field 'value': the text that is to be kept secret");
      return insertSecret(db, ids.account, { name, keyName }, await seal(name, value)).catch((error) => {
        if (isDuplicate(error)) throw new ApiError('ALREADY_EXISTS', `${name} exists already`);
        throw error;
      });
    },
    update: ({ name, updates }, { ifMatch }) =>
      db.transaction().execute(async (transaction) => {
        const current = requireSecret(name, await readSecret(transaction, name, { isLocked: true }));
        checkIfMatch(ifMatch, name, current.secret);
        const { value, ...next } = changeResource(secrets, current.secret, updates);
        checkKeyName(next.keyName);
        if (value === '') throw invalidField('value', 'a secret has a value; delete it if nothing uses it');
        const sealed = value === undefined ? current.sealed : await seal(name, value);
        return updateSecret(transaction, next, sealed);
      }),
    delete: ({ name }, { ifMatch }) =>
      db.transaction().execute(async (transaction) => {
        const current = requireSecret(name, await readSecret(transaction, name, { isLocked: true }));
        checkIfMatch(ifMatch, name, current.secret);
        await deleteSecret(transaction, name);
      }),
  };
}

type FoundSecret = { readonly secret: StoredSecret; readonly sealed: string };

function requireSecret(name: string, found: FoundSecret | null): FoundSecret {
  if (found === null) throw new ApiError('NOT_FOUND', `there is no ${name}`);
  return found;
}

/** The full name that a caller chose by it or by its last part. */
function readSecretName(given: string, account: string): string {
  const parent = `accounts/${account}/secrets/`;
  const id = given.startsWith(parent) ? given.slice(parent.length) : given;
  if (id.includes('/')) throw invalidField('name', `name must be an id, or ${parent} and an id`);
  return parent + checkResourceId(id, 'name');
}

function checkKeyName(keyName: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(keyName)) return;
  const rule = 'letters, digits and _, at most 128 and no digit first';
  throw invalidField('keyName', `keyName is the name of an environment variable: ${rule}`);
}
