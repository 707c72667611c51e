import type { Method } from '@sparkler/api';
import type { ControlPlane } from './start-control-plane.ts';

/** A call of a method of the contract that names nothing that exists below the account. */
export async function sendMethod(
  { baseUrl }: ControlPlane,
  method: Method,
  account: string,
  key: string | null,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const path = method.path.replace('{account}', account).replaceAll(/\{\w+\}/g, 'nothing-here');
  const response = await fetch(baseUrl + path, {
    method: method.httpMethod,
    headers: { ...headers, ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
    ...(method.httpMethod === 'POST' || method.httpMethod === 'PATCH' ? { body: bodyOf(method) } : {}),
  });
  return { status: response.status, text: await response.text() };
}

/** A body that gets as far as the handler where it is the handler who decides. */
function bodyOf(method: Method): FormData | Blob {
  if (method.kind === 'verb' && method.fileField !== null) {
    const form = new FormData();
    form.set(method.fileField, new Blob(['{}']), 'data.jsonl');
    return form;
  }
  const bodies: Record<string, object> = {
    createUserApiKey: { apiKey: {} },
    deleteUserApiKey: { keyId: 'none' },
    rotateUserApiKey: { keyId: 'none' },
  };
  return new Blob([JSON.stringify(bodies[method.operationId] ?? {})], { type: 'application/json' });
}
