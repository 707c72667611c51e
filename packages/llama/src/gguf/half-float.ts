const floatBuffer = new Float32Array(1);
const bitsBuffer = new Uint32Array(floatBuffer.buffer);

/** A number as IEEE 754 half precision, rounded to nearest even; too large ones become infinity. */
export function encodeHalf(value: number): number {
  floatBuffer[0] = value;
  const bits = bitsBuffer[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal: the hardware rounds for us when 0.5 is added, whose last bit is worth 2^-24.
    floatBuffer[0] = Math.abs(value) + 0.5;
    return sign | (bitsBuffer[0]! - 0x3f000000);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** The number that 16 bits of half precision stand for. */
export function decodeHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A number as bfloat16, rounded to nearest even. */
export function encodeBfloat(value: number): number {
  floatBuffer[0] = value;
  const bits = bitsBuffer[0]!;
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** The number that 16 bits of bfloat16 stand for. */
export function decodeBfloat(half: number): number {
  bitsBuffer[0] = half << 16;
  return floatBuffer[0]!;
}
