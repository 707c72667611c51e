/** For tests: a model that becomes unusable at its first step. */
export function script(): void {
  throw new Error('the device is gone');
}
