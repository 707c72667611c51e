/** For tests: says what the prompt tells it to, slowly enough to be interrupted. */
export { script } from './recite-script.ts';

export function stepMs(): number {
  return 20;
}
