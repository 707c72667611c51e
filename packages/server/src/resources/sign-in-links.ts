import { ApiError } from '@sparkler/api';
import type { users } from '@sparkler/api/resources';
import { explainReach, planLinkBase } from '../http/sign-in/reach.ts';
import { formatSignInLink } from '../http/sign-in/sign-in-link.ts';
import { readUser } from '../store/users.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import type { HandlersOf } from './handler.ts';

/**
 * One-time links: for oneself, and by administrators for their users, who could as well make keys for them.
 */
export function makeSignInLinkHandlers(
  context: ControlPlaneContext,
): Pick<HandlersOf<typeof users>, 'createSignInLink'> {
  const { db, settings, signInLinks } = context;
  return {
    async createSignInLink({ name }, { principal, baseUrl }) {
      if (name !== principal.user && principal.role !== 'admin') {
        throw new ApiError('PERMISSION_DENIED', `links for ${name} are made by them and by administrators`);
      }
      const base = planLinkBase(baseUrl, settings);
      if (base === null) throw new ApiError('FAILED_PRECONDITION', explainReach(settings));
      const user = await readUser(db, name);
      if (user === null) throw new ApiError('NOT_FOUND', `there is no ${name}`);
      const link = await signInLinks.make(name);
      if (link === null) {
        throw new ApiError('FAILED_PRECONDITION', `${name} is a service account: those have API keys`);
      }
      return {
        url: formatSignInLink(base, link.token),
        user: name,
        expireTime: link.expireTime.toISOString(),
      };
    },
  };
}
