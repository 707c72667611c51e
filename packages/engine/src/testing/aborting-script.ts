/** For tests: a native fault, which leaves no time for a last word. */
export function script(): void {
  process.abort();
}
