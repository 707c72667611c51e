import type { IdentityProvider, IdentityProviders } from './identity-provider.ts';

/** The identity providers that are built in: none yet. An OIDC or SAML client is one more line. */
const builtIn: readonly IdentityProvider[] = [];

export const identityProviderIds: readonly string[] = builtIn.map(({ id }) => id);

/** Those of the setting, which was checked. */
export function chooseIdentityProviders(ids: readonly string[]): IdentityProviders {
  return new Map(builtIn.filter(({ id }) => ids.includes(id)).map((provider) => [provider.id, provider]));
}
