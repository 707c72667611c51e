interface UriParts {
  readonly scheme: string | undefined;
  readonly authority: string | undefined;
  readonly path: string;
  readonly query: string | undefined;
  readonly fragment: string | undefined;
}

/** Resolves a URI reference against a base, RFC 3986 section 5.2. */
export function resolveUri(base: string, reference: string): string {
  const target = splitUri(reference);
  if (target.scheme !== undefined) return joinUri({ ...target, path: removeDots(target.path) });
  const from = splitUri(base);
  if (target.authority !== undefined) {
    return joinUri({ ...target, scheme: from.scheme, path: removeDots(target.path) });
  }
  const shared = { scheme: from.scheme, authority: from.authority, fragment: target.fragment };
  if (target.path === '') return joinUri({ ...shared, path: from.path, query: target.query ?? from.query });
  const path = target.path.startsWith('/') ? target.path : mergePaths(from, target.path);
  return joinUri({ ...shared, path: removeDots(path), query: target.query });
}

/** A URI before and after its `#`. */
export function splitFragment(uri: string): { readonly resource: string; readonly fragment: string } {
  const hash = uri.indexOf('#');
  if (hash < 0) return { resource: uri, fragment: '' };
  return { resource: uri.slice(0, hash), fragment: uri.slice(hash + 1) };
}

function splitUri(uri: string): UriParts {
  const found = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(uri)!;
  return {
    scheme: found[1],
    authority: found[2],
    path: found[3] ?? '',
    query: found[4],
    fragment: found[5],
  };
}

function joinUri({ scheme, authority, path, query, fragment }: UriParts): string {
  const before = `${scheme === undefined ? '' : `${scheme}:`}${authority === undefined ? '' : `//${authority}`}`;
  const after = `${query === undefined ? '' : `?${query}`}${fragment === undefined ? '' : `#${fragment}`}`;
  return before + path + after;
}

function mergePaths(base: UriParts, path: string): string {
  if (base.authority !== undefined && base.path === '') return `/${path}`;
  return base.path.slice(0, base.path.lastIndexOf('/') + 1) + path;
}

function removeDots(path: string): string {
  if (!path.includes('.')) return path;
  const kept: string[] = [];
  const segments = path.split('/');
  segments.forEach((segment, index) => {
    const last = index === segments.length - 1;
    if (segment === '..') {
      if (kept.length > 1 || (kept.length === 1 && kept[0] !== '')) kept.pop();
      if (last) kept.push('');
    } else if (segment === '.') {
      if (last) kept.push('');
    } else kept.push(segment);
  });
  return kept.join('/');
}
