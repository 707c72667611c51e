import { planLinkBase } from '../http/sign-in/reach.ts';
import { formatSignInLink } from '../http/sign-in/sign-in-link.ts';
import type { Settings } from '../settings.ts';
import type { Database } from '../store/database.ts';
import { createSignInLinks } from '../store/sign-in-links.ts';

/**
 * A link for whoever sees what the server prints: they can read its key file, too. Null when none would work.
 */
export async function makeFirstSignInLink(
  db: Database,
  settings: Settings,
  baseUrl: string,
): Promise<string | null> {
  const base = settings.roles.includes('api') ? planLinkBase(baseUrl, settings) : null;
  if (base === null) return null;
  const admin = await db
    .selectFrom('users')
    .select('name')
    .where('account', '=', settings.account)
    .where('role', '=', 'admin')
    .where('is_service_account', '=', false)
    .orderBy('create_time')
    .orderBy('name')
    .executeTakeFirst();
  const link = admin === undefined ? null : await createSignInLinks(db, Date.now).make(admin.name);
  return link === null ? null : formatSignInLink(base, link.token);
}
