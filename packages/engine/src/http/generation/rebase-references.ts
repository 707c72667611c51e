/** Values under these keywords are data, whatever they look like. */
const dataKeywords = new Set(['const', 'enum', 'default', 'examples']);

/**
 * A schema that is moved into another one: its references to its own root point to its new place.
 * @param place JSON pointer of the new place, such as `/properties/arguments`.
 */
export function rebaseReferences(schema: unknown, place: string): unknown {
  if (Array.isArray(schema)) return schema.map((item) => rebaseReferences(item, place));
  if (typeof schema !== 'object' || schema === null) return schema;
  const moved = Object.entries(schema).map(([key, value]) => {
    if (key === '$ref' && typeof value === 'string' && value.startsWith('#')) {
      // `#name` is an anchor, which is found wherever it is.
      const isPointer = value === '#' || value.startsWith('#/');
      return [key, isPointer ? `#${place}${value.slice(1)}` : value];
    }
    return [key, dataKeywords.has(key) ? value : rebaseReferences(value, place)];
  });
  return Object.fromEntries(moved);
}
