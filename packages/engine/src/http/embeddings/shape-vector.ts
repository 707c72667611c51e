/**
 * The first `dimensions` numbers of a vector. A shortened vector is scaled to length 1, since Matryoshka
 * models are trained to be used so; a full one only when asked.
 */
export function shapeVector(vector: Float32Array, dimensions: number, normalize: boolean): Float32Array {
  const shortened = vector.slice(0, dimensions);
  if (!normalize && dimensions === vector.length) return shortened;
  let sum = 0;
  for (const value of shortened) sum += value * value;
  // A vector of zeros has no direction.
  if (sum === 0) return shortened;
  const length = Math.sqrt(sum);
  return shortened.map((value) => value / length);
}

/** Numbers, or base64 of little-endian 32-bit floats as OpenAI's clients ask for by default. */
export function encodeVector(vector: Float32Array, format: 'float' | 'base64'): number[] | string {
  if (format === 'float') return [...vector];
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, place) => {
    bytes.writeFloatLE(value, place * 4);
  });
  return bytes.toString('base64');
}
