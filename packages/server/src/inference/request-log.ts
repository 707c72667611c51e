import { InferenceError, type RequestText } from '@sparkler/api';

/** A finished request of an account that asked for its texts to be stored. */
export interface LoggedRequest {
  readonly requestId: string;
  readonly account: string;
  readonly model: string;
  readonly endpoint: string;
  readonly timeMs: number;
  /** The body as received, and all that was sent back: JSON, or a stream's events. */
  readonly request: string;
  readonly answer: string;
}

/** The only place that texts go to, and only of accounts that opted in. */
export interface RequestLog {
  /** Returns at once. */
  record(entry: LoggedRequest): void;
  find(account: string, requestId: string): Promise<LoggedRequest | null>;
}

/** Answers a look-up; 404 alike for unknown ids, those of other accounts and those that were not stored. */
export async function showText(
  log: RequestLog | undefined,
  account: string,
  id: string,
): Promise<RequestText> {
  const found = (await log?.find(account, id)) ?? null;
  if (found === null) {
    const message =
      `no text of yours is stored for "${id.slice(0, 128)}"; texts are stored only while logRequests of the ` +
      'account is on, and for 30 days';
    throw new InferenceError(404, message, { param: 'request_id' });
  }
  const { requestId, model, endpoint, timeMs, request, answer } = found;
  return { request_id: requestId, model, endpoint, time: new Date(timeMs).toISOString(), request, answer };
}
