import { isIP } from 'node:net';
import { isBlobKey } from '../blobs/blob-store.ts';
import { ClosedAddressError, isPublicAddress } from './public-addresses.ts';

/** Where files that callers name by URL may come from. */
export interface ExternalFiles {
  /** Also from private networks and this machine. */
  readonly allowPrivate: boolean;
  /** S3 server of `s3://`; empty: Amazon's. The operator's choice, so its address may be private. */
  readonly s3Endpoint: string;
}

/** A file elsewhere that anybody may read. */
export interface ExternalSource {
  readonly url: URL;
  /** Without what may be secret in it: for people and logs. */
  readonly origin: string;
  /** What it is called here; ends in `.jsonl`. */
  readonly filename: string;
  readonly allowPrivate: boolean;
}

/** The URL is none that a dataset can be read from. The message says what to do. */
export class ExternalUrlError extends Error {
  override readonly name = 'ExternalUrlError';
}

/**
 * Reads the URL of a dataset: `https://`, `http://`, `s3://bucket/key` or `gs://bucket/key`. Buckets are read
 * without credentials: what the server itself may read is nobody's to fetch. Throws ExternalUrlError.
 */
export function readExternalUrl(text: string, { allowPrivate, s3Endpoint }: ExternalFiles): ExternalSource {
  const [, scheme, bucket = '', key = ''] =
    /^(s3|gs):\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/.exec(text) ?? [];
  const path = key.split('/').map(encodeURIComponent).join('/');
  if (scheme === 'gs')
    return describe(new URL(`https://storage.googleapis.com/${bucket}/${path}`), text, false);
  if (scheme === 's3') {
    const address =
      s3Endpoint === ''
        ? `https://s3.amazonaws.com/${bucket}/${path}`
        : `${s3Endpoint.replace(/\/$/, '')}/${bucket}/${path}`;
    return describe(new URL(address), text, s3Endpoint !== '');
  }
  const url = URL.parse(text);
  if (url === null || !['https:', 'http:'].includes(url.protocol) || url.username || url.password) {
    throw new ExternalUrlError(
      'externalUrl must be https://…, s3://bucket/key or gs://bucket/key of one JSONL file, without a user or password in it',
    );
  }
  checkAddress(url, allowPrivate);
  return describe(url, `${url.origin}${url.pathname}`, allowPrivate);
}

/** Throws ClosedAddressError for an address that is written out; names are looked at when they are used. */
export function checkAddress(url: URL, allowPrivate: boolean): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) throw new ClosedAddressError(host);
}

function describe(url: URL, origin: string, allowPrivate: boolean): ExternalSource {
  const last = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
  const filename = last.endsWith('.jsonl') && isBlobKey(last) ? last : 'dataset.jsonl';
  return { url, origin, filename, allowPrivate };
}
