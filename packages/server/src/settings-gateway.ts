import { type TInteger, Type } from 'typebox';
import { defaultGatewaySettings, type GatewaySettings } from './http/context.ts';

type GatewayLimit = Exclude<
  keyof GatewaySettings,
  'providerAccount' | 'operatorAccount' | 'directDomain' | 'version' | 'excludeStop' | 'signIn' | 'publicUrl'
>;

/**
 * Smallest value and meaning of each limit of the HTTP surface; a new one must be described here to compile.
 */
const limits: Readonly<Record<GatewayLimit, readonly [minimum: number, description: string]>> = {
  bodyBytesMax: [1024, 'Largest request body in bytes.'],
  headersTimeoutMs: [100, 'Time a client has to send all headers.'],
  requestReceiveTimeoutMs: [100, 'Time a client has to send its whole request.'],
  keepAliveTimeoutMs: [0, 'Time an idle connection stays open.'],
  slowReaderTimeoutMs: [100, 'Time a client may leave sent bytes unread before it is cut off.'],
  connectionsMax: [1, 'Sockets open at once.'],
  requestTimeoutMs: [1_000, 'Whole time an inference request may take.'],
  wakeTimeoutMs: [0, 'Time a request waits for a deployment that is asleep or starting.'],
  runningPerReplicaMax: [1, 'Requests running at once on one replica.'],
  queuedPerDeploymentMax: [0, 'Requests waiting for one deployment; more are refused with 429.'],
  sessionIdleTimeoutMs: [
    60_000,
    'Time without a request after which a browser that signed in must do so again.',
  ],
  sessionLifetimeMs: [60_000, 'Time after which a browser that signed in must do so again in any case.'],
  streamKeepAliveMs: [100, 'Silence on a stream after which a comment keeps the connection alive.'],
};

/** Limits of the HTTP surface as settings. Their defaults, and why, stand beside `defaultGatewaySettings`. */
export const gatewaySettingsProperties = Object.fromEntries(
  Object.entries(limits).map(([name, [minimum, description]]) => [
    name,
    Type.Integer({
      env: `SPARKLER_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
      minimum,
      default: defaultGatewaySettings[name as GatewayLimit],
      description,
      advanced: true,
    }),
  ]),
) as Record<GatewayLimit, TInteger>;
