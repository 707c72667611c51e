const KEY = '"model":';
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

/**
 * JSON of another server with the caller's name of the model in place of its own, which may be a path on its
 * disk. Inside a JSON string the quotes would be escaped, so what looks like the key is the key.
 */
export function renameModel(json: Buffer, name: string): Buffer {
  const at = json.indexOf(KEY);
  if (at < 0) return json;
  let start = at + KEY.length;
  while (json[start] === SPACE) start++;
  if (json[start] !== QUOTE) return json;
  let end = start + 1;
  while (end < json.length && json[end] !== QUOTE) end += json[end] === BACKSLASH ? 2 : 1;
  return Buffer.concat([json.subarray(0, start), Buffer.from(JSON.stringify(name)), json.subarray(end + 1)]);
}
