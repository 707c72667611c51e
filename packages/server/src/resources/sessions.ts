import { ApiError } from '@sparkler/api';
import type { sessions } from '@sparkler/api/resources';
import type { Principal } from '../http/principal.ts';
import { deleteSession, listSessions, readOwnSession, type SessionOwner } from '../store/sessions.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import type { HandlersOf } from './handler.ts';

/** Browsers that are signed in: one's own, administrators see and end those of everybody. */
export function makeSessionHandlers({ db, settings, now }: ControlPlaneContext): HandlersOf<typeof sessions> {
  const ownerFor = (account: string, { user, role }: Principal): SessionOwner => ({
    account,
    user: role === 'admin' ? null : user,
    nowMs: now(),
    idleTimeoutMs: settings.sessionIdleTimeoutMs,
  });
  const missing = (name: string) => new ApiError('NOT_FOUND', `there is no ${name} that is yours to see`);
  return {
    async list({ ids, list }, { principal }) {
      const page = await listSessions(db, ownerFor(ids.account, principal), list);
      const items = page.items.map((item) => ({ ...item, current: item.name === principal.session }));
      return { ...page, items };
    },
    async get({ ids, name }, { principal }) {
      const found = await readOwnSession(db, ownerFor(ids.account, principal), name);
      if (found === null) throw missing(name);
      return { ...found, current: name === principal.session };
    },
    async delete({ ids, name }, { principal }) {
      if (!(await deleteSession(db, ownerFor(ids.account, principal), name))) throw missing(name);
    },
  };
}
