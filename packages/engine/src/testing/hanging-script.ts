/** For tests: a forward call that does not come back. */
export { script } from './recite-script.ts';

export function stepMs(): number {
  return 3_600_000;
}
