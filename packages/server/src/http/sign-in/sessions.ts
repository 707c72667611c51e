import type { Principal } from '../principal.ts';

/** Who begins a session, and from where. */
export interface NewSession {
  /** accounts/A/users/U */
  readonly user: string;
  /** How the user showed who they are: `link`, or the id of an identity provider. */
  readonly provider: string;
  readonly fromAddress: string;
  readonly userAgent: string;
}

export interface BegunSession {
  /** accounts/A/sessions/S */
  readonly name: string;
  /** What the cookie holds; stored as a hash only. */
  readonly token: string;
  readonly expireTime: Date;
}

export interface FoundSession {
  readonly principal: Principal;
  /** The cookie is to be replaced by this one; null: it stays. */
  readonly nextToken: string | null;
  readonly expireTime: Date;
}

/** Sessions of people who signed in with a browser. */
export interface SessionDirectory {
  /** Null for a user who is gone. */
  begin(session: NewSession): Promise<BegunSession | null>;
  /** Null when the session is unknown, was ended, or is too old. */
  find(token: string): Promise<FoundSession | null>;
  /** Ends a session by its name; nothing there is fine. */
  end(name: string): Promise<void>;
}

/** Links that sign a user in, each once. */
export interface SignInLinks {
  /** Makes a link's token. Null for a user who is gone or is not a person. */
  make(user: string): Promise<{ readonly token: string; readonly expireTime: Date } | null>;
  /** Whom a link would sign in, without using it; null when it was used, is too old or never was. */
  look(token: string): Promise<string | null>;
  /** Uses a link: of two who try at once, one gets the user. */
  take(token: string): Promise<string | null>;
}

/** The token in the browser's cookie, and what it has to match. */
export interface ReturnedAttempt {
  /** What the provider handed back, or the token of an offer. */
  readonly state: string;
  readonly browser: string;
  readonly provider: string;
}

/**
 * Signing in by an identity provider, on its way: each is bound to its browser and provider, and taken once.
 */
export interface SignInAttempts {
  begin(provider: string): Promise<{ readonly state: string; readonly browser: string }>;
  /** False when it was taken, is too old, or never was in that browser. */
  take(returned: ReturnedAttempt): Promise<boolean>;
  /** Keeps a verified e-mail while its owner chooses an account. Returns a token. */
  offer(kept: {
    readonly browser: string;
    readonly provider: string;
    readonly email: string;
  }): Promise<string>;
  /** The e-mail of an offer; null as `take` is false. */
  takeOffer(returned: ReturnedAttempt): Promise<string | null>;
  /** People (no service accounts) of all accounts with an e-mail, in any case of letters: full names. */
  findPeople(email: string): Promise<string[]>;
}
