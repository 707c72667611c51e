import type { IdentityProviders } from '../http/sign-in/identity-provider.ts';
import { chooseIdentityProviders } from '../http/sign-in/identity-providers.ts';
import type { SessionDirectory, SignInAttempts, SignInLinks } from '../http/sign-in/sessions.ts';
import type { Settings } from '../settings.ts';
import type { Database } from '../store/database.ts';
import { createSessionDirectory } from '../store/session-directory.ts';
import { createSignInAttempts } from '../store/sign-in-attempts.ts';
import { createSignInLinks } from '../store/sign-in-links.ts';

/** What people with a browser need: sessions, links, and the identity providers of the settings. */
export function openSignIn(
  db: Database,
  settings: Settings,
): {
  readonly sessions: SessionDirectory;
  readonly signInLinks: SignInLinks;
  readonly signInAttempts: SignInAttempts;
  readonly identityProviders: IdentityProviders;
} {
  return {
    sessions: createSessionDirectory(db, settings, Date.now),
    signInLinks: createSignInLinks(db, Date.now),
    signInAttempts: createSignInAttempts(db, Date.now),
    identityProviders: chooseIdentityProviders(settings.identityProviders),
  };
}
