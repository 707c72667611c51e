import { ConvertError } from '../convert-error.ts';

/** What a SentencePiece `.model` file holds, as far as it matters here. */
export interface SentencePieceModel {
  readonly pieces: readonly { readonly text: string; readonly score: number; readonly kind: number }[];
  /** A space is put before the text. */
  readonly addsPrefix: boolean;
  readonly removesExtraSpaces: boolean;
}

/**
 * Reads the protocol buffer: field 1 is a piece {1: text, 2: score, 3: kind}, field 3 the normalizer {3: add
 * prefix, 4: remove extra spaces}. Kinds have llama.cpp's numbers. Throws ConvertError when the bytes are
 * something else.
 */
export function parseSentencePiece(bytes: Uint8Array): SentencePieceModel {
  const pieces: { text: string; score: number; kind: number }[] = [];
  let normalizer: Map<number, FieldValue> = new Map();
  for (const { field, value } of readFields(bytes)) {
    if (!(value instanceof Uint8Array)) continue;
    if (field === 1) pieces.push(readPiece(value));
    if (field === 3) normalizer = new Map(readFields(value).map((entry) => [entry.field, entry.value]));
  }
  if (pieces.length === 0)
    throw new ConvertError('tokenizer.model holds no pieces: it is not a SentencePiece model');
  return {
    pieces,
    // Absent means the default, which is true for both.
    addsPrefix: normalizer.get(3) !== 0,
    removesExtraSpaces: normalizer.get(4) !== 0,
  };
}

function readPiece(bytes: Uint8Array): { text: string; score: number; kind: number } {
  const piece = { text: '', score: 0, kind: 1 };
  for (const { field, value } of readFields(bytes)) {
    if (field === 1 && value instanceof Uint8Array) piece.text = Buffer.from(value).toString('utf8');
    if (field === 2 && value instanceof Uint8Array) piece.score = Buffer.from(value).readFloatLE();
    if (field === 3 && typeof value === 'number') piece.kind = value;
  }
  return piece;
}

/** Numbers for varints, bytes for everything else. */
type FieldValue = number | Uint8Array;

function readFields(bytes: Uint8Array): { field: number; value: FieldValue }[] {
  const fields: { field: number; value: FieldValue }[] = [];
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 2 ** 56) throw damaged(at);
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (count: number): Uint8Array => {
    if (at + count > bytes.length) throw damaged(at);
    at += count;
    return bytes.subarray(at - count, at);
  };
  while (at < bytes.length) {
    const tag = readVarint();
    const field = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        fields.push({ field, value: readVarint() });
        break;
      case 1:
        fields.push({ field, value: take(8) });
        break;
      case 2:
        fields.push({ field, value: take(readVarint()) });
        break;
      case 5:
        fields.push({ field, value: take(4) });
        break;
      default:
        throw damaged(at);
    }
  }
  return fields;
}

function damaged(at: number): ConvertError {
  return new ConvertError(`tokenizer.model is damaged at byte ${at}, or not a SentencePiece model`);
}
