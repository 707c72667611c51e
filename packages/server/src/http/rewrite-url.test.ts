import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rewriteUrl } from './rewrite-url.ts';

test.each([
  ['/v1/accounts/a/models/m:prepare', '/v1/accounts/a/models/m/~prepare'],
  ['/v1/accounts/a/models:import?dry=1', '/v1/accounts/a/models/~import?dry=1'],
  ['/v1/accounts/a/models/m%3AgetUploadEndpoint', '/v1/accounts/a/models/m/~getUploadEndpoint'],
  ['/v1/accounts/a/models/m', '/v1/accounts/a/models/m'],
  ['/v1/accounts/a/models?filter=name:x', '/v1/accounts/a/models?filter=name:x'],
  ['/v1/accounts/a/models/:prepare', '/v1/accounts/a/models/:prepare'],
  ['/v1/accounts/a/models/m:9', '/v1/accounts/a/models/m:9'],
  ['/inference/v1/models/a:b', '/inference/v1/models/a:b'],
])('%s is routed as %s', (url, routed) => {
  expect(rewriteUrl(url)).toBe(routed);
});

test('rewriting twice changes nothing more, and the query stays', () => {
  fc.assert(
    fc.property(fc.webPath(), fc.webQueryParameters(), (path, query) => {
      const url = `/v1/accounts${path}?${query}`;
      const once = rewriteUrl(url);
      expect(rewriteUrl(once)).toBe(once);
      expect(once.endsWith(`?${query}`)).toBe(true);
    }),
  );
});
