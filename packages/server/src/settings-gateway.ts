import { Type } from 'typebox';
import { defaultGatewaySettings, type GatewaySettings } from './http/context.ts';

type GatewayLimit = Exclude<keyof GatewaySettings, 'providerAccount' | 'version'>;

function limit(name: GatewayLimit, env: string, minimum: number, description: string) {
  return Type.Integer({ env, minimum, default: defaultGatewaySettings[name], description, advanced: true });
}

/** Limits of the HTTP surface as settings. Their defaults, and why, stand beside `defaultGatewaySettings`. */
export const gatewaySettingsProperties = {
  bodyBytesMax: limit('bodyBytesMax', 'SPARKLER_BODY_BYTES_MAX', 1024, 'Largest request body in bytes.'),
  headersTimeoutMs: limit(
    'headersTimeoutMs',
    'SPARKLER_HEADERS_TIMEOUT_MS',
    100,
    'Time a client has to send all headers.',
  ),
  requestReceiveTimeoutMs: limit(
    'requestReceiveTimeoutMs',
    'SPARKLER_REQUEST_RECEIVE_TIMEOUT_MS',
    100,
    'Time a client has to send its whole request.',
  ),
  keepAliveTimeoutMs: limit(
    'keepAliveTimeoutMs',
    'SPARKLER_KEEP_ALIVE_TIMEOUT_MS',
    0,
    'Time an idle connection stays open.',
  ),
  connectionsMax: limit('connectionsMax', 'SPARKLER_CONNECTIONS_MAX', 1, 'Sockets open at once.'),
  requestTimeoutMs: limit(
    'requestTimeoutMs',
    'SPARKLER_REQUEST_TIMEOUT_MS',
    1_000,
    'Whole time an inference request may take.',
  ),
  wakeTimeoutMs: limit(
    'wakeTimeoutMs',
    'SPARKLER_WAKE_TIMEOUT_MS',
    0,
    'Time a request waits for a deployment that is asleep or starting.',
  ),
  runningPerReplicaMax: limit(
    'runningPerReplicaMax',
    'SPARKLER_RUNNING_PER_REPLICA_MAX',
    1,
    'Requests running at once on one replica.',
  ),
  queuedPerDeploymentMax: limit(
    'queuedPerDeploymentMax',
    'SPARKLER_QUEUED_PER_DEPLOYMENT_MAX',
    0,
    'Requests waiting for one deployment; more are refused with 429.',
  ),
  streamKeepAliveMs: limit(
    'streamKeepAliveMs',
    'SPARKLER_STREAM_KEEP_ALIVE_MS',
    100,
    'Silence on a stream after which a comment keeps the connection alive.',
  ),
};
