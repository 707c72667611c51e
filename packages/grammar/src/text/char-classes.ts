import { type CharSet, CODE_POINT_MAX } from './char-set.ts';

/**
 * A partition of the code points such that the sets it was made from cannot tell members of a class apart.
 */
export interface CharClasses {
  readonly count: number;
  classOf(codePoint: number): number;
  /** One member of each class. */
  readonly samples: Int32Array;
  /** Classes with a member in the set. */
  classesMeeting(set: CharSet): number[];
}

/** Splits the code points by membership in each of the sets. */
export function partitionChars(sets: readonly CharSet[]): CharClasses {
  const starts = splitPoints(sets);
  const signatures = signaturesOf(starts, sets);
  const classBySignature = new Map<string, number>();
  const samples: number[] = [];
  const classOfPiece = new Int32Array(starts.length);
  for (let piece = 0; piece < starts.length; piece++) {
    const signature = signatures[piece]!;
    let id = classBySignature.get(signature);
    if (id === undefined) {
      id = samples.length;
      samples.push(starts[piece]!);
      classBySignature.set(signature, id);
    }
    classOfPiece[piece] = id;
  }
  const pieceOf = (codePoint: number) => lastAtMost(starts, codePoint);
  const ascii = new Int32Array(128);
  for (let code = 0; code < 128; code++) ascii[code] = classOfPiece[pieceOf(code)]!;
  return {
    count: samples.length,
    samples: Int32Array.from(samples),
    classOf: (codePoint) => (codePoint < 128 ? ascii[codePoint]! : classOfPiece[pieceOf(codePoint)]!),
    classesMeeting(set) {
      const found = new Set<number>();
      for (let i = 0; i < set.length && found.size < samples.length; i += 2) {
        const last = pieceOf(set[i + 1]!);
        for (let piece = pieceOf(set[i]!); piece <= last; piece++) found.add(classOfPiece[piece]!);
      }
      return [...found];
    },
  };
}

function splitPoints(sets: readonly CharSet[]): Int32Array {
  const points = new Set<number>([0]);
  for (const set of sets) {
    for (let i = 0; i < set.length; i += 2) {
      points.add(set[i]!);
      if (set[i + 1]! < CODE_POINT_MAX) points.add(set[i + 1]! + 1);
    }
  }
  return Int32Array.from(points).sort();
}

function signaturesOf(starts: Int32Array, sets: readonly CharSet[]): string[] {
  const members: number[][] = Array.from(starts, () => []);
  sets.forEach((set, setIndex) => {
    for (let i = 0; i < set.length; i += 2) {
      for (let piece = lastAtMost(starts, set[i]!); piece < starts.length; piece++) {
        if (starts[piece]! > set[i + 1]!) break;
        members[piece]!.push(setIndex);
      }
    }
  });
  return members.map((indexes) => indexes.join(','));
}

function lastAtMost(sorted: Int32Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sorted[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
