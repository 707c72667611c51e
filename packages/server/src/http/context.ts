import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { DeploymentLoads } from '../inference/deployment-loads.ts';
import type { RateLimiter } from '../inference/limits/rate-limiter.ts';
import type { UsageSink } from '../inference/metering.ts';
import type { RequestJournal } from '../inference/open-request.ts';
import type { RequestLog } from '../inference/request-log.ts';
import type { RoutingTable } from '../inference/routing.ts';
import type { PriceBook } from '../ledger/price-book.ts';
import type { SpendGuard } from '../ledger/spend-guard.ts';
import type { AuditTrail } from './audit.ts';
import type { KeyDirectory } from './principal.ts';
import type { ReachSettings } from './sign-in/reach.ts';
import type { SessionDirectory, SignInLinks } from './sign-in/sessions.ts';

/**
 * Limits of the HTTP surface. Each is one server setting; `defaultGatewaySettings` says why it has its value.
 */
export interface GatewaySettings extends ReachSettings {
  /** Account whose models answer to short names, e.g. `fireworks`. */
  readonly providerAccount: string;
  /** The server's own account, e.g. `local`: its administrators are operators. */
  readonly operatorAccount: string;
  /** Deployments with a direct route answer on names below `direct.<directDomain>`. */
  readonly directDomain: string;
  /** Version of the product, shown by /healthz and in /openapi.json. */
  readonly version: string;
  /** Largest request body; larger is a 413. */
  readonly bodyBytesMax: number;
  /** Time a client has to send all headers, and from there the whole request. */
  readonly headersTimeoutMs: number;
  readonly requestReceiveTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** Sockets open at once; more are closed at accept. */
  readonly connectionsMax: number;
  /** Whole time an inference request may take, from its last byte received to its last byte sent. */
  readonly requestTimeoutMs: number;
  /** How long a request waits for a deployment that is asleep or starting. */
  readonly wakeTimeoutMs: number;
  /** Requests running at once on one replica; more wait in the deployment's queue. */
  readonly runningPerReplicaMax: number;
  /** Requests waiting for one deployment; more are a 429. */
  readonly queuedPerDeploymentMax: number;
  /** How long a caller of a stream may leave what was written untaken before it is cut off. */
  readonly slowReaderTimeoutMs: number;
  /** Silence on a stream after which a comment keeps the connection alive. */
  readonly streamKeepAliveMs: number;
  /** Time without a request after which a browser's session ends, and after which it ends in any case. */
  readonly sessionIdleTimeoutMs: number;
  readonly sessionLifetimeMs: number;
  /** Leave the stop string out of answers, as OpenAI does; accounts may decide for themselves. */
  readonly excludeStop: boolean;
}

export const defaultGatewaySettings: GatewaySettings = {
  providerAccount: 'fireworks',
  operatorAccount: 'local',
  // Clients and browsers find every name below localhost on this machine.
  directDomain: 'localhost',
  version: '0.1.0',
  // 30 images inside a request's 10 MB of base64 (spec, vision guide), plus text.
  bodyBytesMax: 16 * 1024 * 1024,
  headersTimeoutMs: 15_000,
  requestReceiveTimeoutMs: 60_000,
  // Longer than the 60 s that load balancers keep idle connections, so that they close first.
  keepAliveTimeoutMs: 72_000,
  connectionsMax: 10_000,
  requestTimeoutMs: 600_000,
  wakeTimeoutMs: 120_000,
  runningPerReplicaMax: 64,
  queuedPerDeploymentMax: 256,
  slowReaderTimeoutMs: 60_000,
  streamKeepAliveMs: 10_000,
  // A working day with its breaks; a week at most.
  sessionIdleTimeoutMs: 12 * 3_600_000,
  sessionLifetimeMs: 7 * 86_400_000,
  signIn: 'loopback',
  publicUrl: '',
  // "The returned string includes the stop word" (spec, OpenAI compatibility).
  excludeStop: false,
};

export interface Readiness {
  readonly ready: boolean;
  /** What is missing, for people; null when ready. */
  readonly reason: string | null;
}

/** All that request handlers get from the process around them. */
export interface ServerContext {
  readonly settings: GatewaySettings;
  readonly log: Logger;
  readonly keys: KeyDirectory;
  readonly routing: RoutingTable;
  readonly usage: UsageSink;
  /** Remembers requests under way beyond a kill of this process; left out: those are never billed then. */
  readonly journal?: RequestJournal;
  /** Names this gateway to engines, which remember whose requests were whose; left out: they are not told. */
  readonly gatewayId?: string;
  /** Rate limits of shared deployments; left out: the spec's self-serve limits, counted in this process. */
  readonly limiter?: RateLimiter;
  /** Budgets and prices of shared deployments; left out: everything is free. */
  readonly spending?: { readonly guard: SpendGuard; readonly prices: PriceBook };
  /** Counts load by deployment for autoscaling; left out: nobody scales. */
  readonly loads?: DeploymentLoads;
  /** Where texts of accounts that opted in go; left out: nothing is ever kept. */
  readonly requestLog?: RequestLog;
  readonly metrics: Registry;
  /** Where control-plane writes are recorded; left out: nowhere. */
  readonly audit?: AuditTrail;
  /** People who sign in with a browser; left out: only keys are taken. */
  readonly sessions?: SessionDirectory;
  readonly signInLinks?: SignInLinks;
  /**
   * Asks for a replica of a deployment (full name) that is asleep. Returns at once; safe to call repeatedly.
   */
  wake(deployment: string): void;
  /** Wall clock in ms. */
  now(): number;
  /** A fresh request id: 8 to 64 characters of [A-Za-z0-9_-]. */
  newId(): string;
  isReady(): Readiness;
  /** Time that running requests have to end when the server closes; 8 s when left out. */
  readonly drainTimeoutMs?: number;
}
