import { stepUtf8, UTF8_EMIT, UTF8_START } from '../text/utf8-decoder.ts';
import { BYTE_CATEGORIES, UNPASSABLE } from './byte-categories.ts';

/**
 * A prefix tree of tokens, flattened depth first: node i's subtree is the nodes from i + 1 up to skip[i]. A
 * token is listed at the node of its last byte; several tokens may share a node.
 */
export interface TokenTrie {
  readonly nodeCount: number;
  readonly bytes: Uint8Array;
  /** Depth of a node, from 1. */
  readonly depths: Uint16Array;
  readonly skips: Int32Array;
  /**
   * Index into `tokens` of the first token ending at a node; node i's tokens end where node i + 1's start.
   */
  readonly tokenStarts: Int32Array;
  readonly tokens: Int32Array;
  /** Node of each first byte, -1 where no token starts so. */
  readonly rootChildren: Int32Array;
  readonly depthMax: number;
  /** Per node: categories of its byte and of all bytes below it. */
  readonly categories: Int32Array;
  /** Per node: bytes of the longest way down, its own included. */
  readonly heights: Uint16Array;
}

export interface TrieEntry {
  readonly token: number;
  readonly bytes: Uint8Array;
}

/** Builds the tree of all entries; those with no bytes are left out. */
export function buildTokenTrie(entries: readonly TrieEntry[]): TokenTrie {
  const links = linkEntries(entries);
  return flattenLinks(entries, links);
}

interface Links {
  readonly count: number;
  readonly firstChild: Int32Array;
  readonly nextSibling: Int32Array;
  readonly byte: Uint8Array;
  readonly endOfEntry: Int32Array;
}

/** Inserts the entries one by one; children are found through one open-addressing table of (node, byte). */
function linkEntries(entries: readonly TrieEntry[]): Links {
  let bytesTotal = 1;
  for (const entry of entries) bytesTotal += entry.bytes.length;
  const firstChild = new Int32Array(bytesTotal).fill(-1);
  const nextSibling = new Int32Array(bytesTotal).fill(-1);
  const byte = new Uint8Array(bytesTotal);
  const endOfEntry = new Int32Array(entries.length);
  const tableBits = Math.ceil(Math.log2(bytesTotal * 2 + 16));
  const mask = (1 << tableBits) - 1;
  const keys = new Int32Array(mask + 1).fill(-1);
  const values = new Int32Array(mask + 1);
  let count = 1;
  for (let index = 0; index < entries.length; index++) {
    const bytes = entries[index]!.bytes;
    let node = 0;
    for (let at = 0; at < bytes.length; at++) {
      const key = node * 256 + bytes[at]!;
      let slot = Math.imul(key, 0x9e3779b1) >>> (32 - tableBits);
      while (keys[slot] !== -1 && keys[slot] !== key) slot = (slot + 1) & mask;
      if (keys[slot] === -1) {
        keys[slot] = key;
        values[slot] = count;
        byte[count] = bytes[at]!;
        nextSibling[count] = firstChild[node]!;
        firstChild[node] = count;
        count++;
      }
      node = values[slot]!;
    }
    endOfEntry[index] = node;
  }
  return { count, firstChild, nextSibling, byte, endOfEntry };
}

function flattenLinks(entries: readonly TrieEntry[], links: Links): TokenTrie {
  const nodeCount = links.count - 1;
  const flat = {
    nodeCount,
    bytes: new Uint8Array(nodeCount),
    depths: new Uint16Array(nodeCount),
    skips: new Int32Array(nodeCount),
    rootChildren: new Int32Array(256).fill(-1),
  };
  const placeOf = new Int32Array(links.count).fill(-1);
  const stack: number[] = [];
  const openNodes: number[] = [];
  let depthMax = 0;
  let next = 0;
  for (let child = links.firstChild[0]!; child >= 0; child = links.nextSibling[child]!) stack.push(child, 1);
  while (stack.length > 0) {
    const depth = stack.pop()!;
    const node = stack.pop()!;
    while (openNodes.length >= depth) flat.skips[openNodes.pop()!] = next;
    openNodes.push(next);
    placeOf[node] = next;
    flat.bytes[next] = links.byte[node]!;
    flat.depths[next] = depth;
    if (depth === 1) flat.rootChildren[links.byte[node]!] = next;
    if (depth > depthMax) depthMax = depth;
    next++;
    for (let child = links.firstChild[node]!; child >= 0; child = links.nextSibling[child]!) {
      stack.push(child, depth + 1);
    }
  }
  while (openNodes.length > 0) flat.skips[openNodes.pop()!] = next;
  return { ...flat, depthMax, ...placeTokens(entries, links, placeOf, nodeCount), ...sumUp(flat) };
}

/** Gathers from the leaves up: children come after their parent, so going backwards meets them first. */
function sumUp(flat: FlatNodes): Pick<TokenTrie, 'categories' | 'heights'> {
  const { skips, nodeCount } = flat;
  const categories = categoriesOfNodes(flat);
  const heights = new Uint16Array(nodeCount);
  for (let node = nodeCount - 1; node >= 0; node--) {
    let below = categories[node]!;
    let height = 0;
    for (let child = node + 1; child < skips[node]!; child = skips[child]!) {
      below |= categories[child]!;
      if (heights[child]! > height) height = heights[child]!;
    }
    categories[node] = below;
    heights[node] = height + 1;
  }
  return { categories, heights };
}

type FlatNodes = Pick<TokenTrie, 'bytes' | 'depths' | 'skips' | 'nodeCount'>;

function placeTokens(
  entries: readonly TrieEntry[],
  links: Links,
  placeOf: Int32Array,
  nodeCount: number,
): { tokenStarts: Int32Array; tokens: Int32Array } {
  const tokenStarts = new Int32Array(nodeCount + 1);
  for (let index = 0; index < entries.length; index++) {
    const place = placeOf[links.endOfEntry[index]!]!;
    if (place >= 0) tokenStarts[place + 1]!++;
  }
  for (let node = 0; node < nodeCount; node++) tokenStarts[node + 1]! += tokenStarts[node]!;
  const tokens = new Int32Array(tokenStarts[nodeCount]!);
  const filled = tokenStarts.slice();
  for (let index = 0; index < entries.length; index++) {
    const place = placeOf[links.endOfEntry[index]!]!;
    if (place >= 0) tokens[filled[place]!++] = entries[index]!.token;
  }
  return { tokenStarts, tokens };
}

/**
 * The category of the character each node's byte belongs to; a byte that no UTF-8 text has there belongs to
 * none that may pass unread.
 */
function categoriesOfNodes({ bytes, depths, nodeCount }: FlatNodes): Int32Array {
  const categories = new Int32Array(nodeCount);
  const states: number[] = [UTF8_START];
  const current: number[] = [UNPASSABLE];
  for (let node = 0; node < nodeCount; node++) {
    const depth = depths[node]!;
    const before = states[depth - 1]!;
    const after = before < 0 ? before : stepUtf8(before, bytes[node]!);
    states[depth] = after >= UTF8_EMIT ? UTF8_START : after;
    if (after < 0) current[depth] = UNPASSABLE;
    else current[depth] = before === UTF8_START ? BYTE_CATEGORIES[bytes[node]!]! : current[depth - 1]!;
    categories[node] = current[depth]!;
  }
  return categories;
}
