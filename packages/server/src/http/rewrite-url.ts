/**
 * Fastify's router can't tell `/models/:id` from `/models/:id:verb`, so the verb of a control-plane path
 * becomes a segment of its own before routing: `/v1/accounts/a/models/m:prepare` is routed as
 * `/v1/accounts/a/models/m/~prepare`.
 * `~` can't begin a resource id, so no resource is shadowed. Data-plane paths are left alone.
 */
export function rewriteUrl(url: string): string {
  if (!url.startsWith('/v1/accounts')) return url;
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  const match = /(?::|%3A)([A-Za-z]+)$/i.exec(path);
  if (match === null || match.index <= path.lastIndexOf('/') + 1) return url;
  return `${path.slice(0, match.index)}${verbSegment(match[1]!)}${query < 0 ? '' : url.slice(query)}`;
}

/** How a route names a verb: `/v1/accounts/:account/models/:model` + verbSegment('prepare'). */
export function verbSegment(verb: string): string {
  return `/~${verb}`;
}
