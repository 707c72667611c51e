/** One way to and from an identity provider, for one browser. */
export interface SignInAttempt {
  /** 43 characters that the provider hands back, in `state` (OIDC) or `RelayState` (SAML). */
  readonly state: string;
  /**
   * 43 secret characters, the same on the way back and in no address: a PKCE verifier, and what a nonce or
   * the id of a request can be derived from.
   */
  readonly verifier: string;
  /** Where the provider sends the browser back to; it has to know this address. */
  readonly callbackUrl: string;
}

/** Somebody else who says who people are: an OpenID Connect issuer, a SAML identity provider. */
export interface IdentityProvider {
  /** In the setting, in addresses and in sessions: lower-case letters, digits and hyphens; not `link`. */
  readonly id: string;
  /** As people know it. */
  readonly title: string;
  /**
   * How the browser brings the answer: in the query of an address, or in a form that the provider's page
   * submits (SAML). Forms need HTTPS: browsers send the cookie that binds them by nothing else.
   */
  readonly answersBy: 'query' | 'form';
  /** The address that the browser is sent to. */
  begin(attempt: SignInAttempt): Promise<string>;
  /**
   * Checks the answer, each of whose fields may be anything, and returns the e-mail that the provider vouches
   * for as verified. Throws IdentityRefusedError when it does not.
   */
  complete(
    answer: Readonly<Record<string, string>>,
    attempt: SignInAttempt,
  ): Promise<{ readonly email: string }>;
}

/**
 * The provider did not say who it is, or its answer can't be trusted. The message is shown, as a sentence.
 */
export class IdentityRefusedError extends Error {
  override readonly name = 'IdentityRefusedError';
}

export type IdentityProviders = ReadonlyMap<string, IdentityProvider>;
