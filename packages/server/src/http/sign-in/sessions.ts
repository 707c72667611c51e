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
