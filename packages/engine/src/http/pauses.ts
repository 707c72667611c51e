/** Work in one go that others hardly notice. */
const WORK_MS_MAX = 20;

/**
 * For work in many parts, such as thousands of texts to tokenize: await it before each, so that other
 * requests get on in between.
 */
export function createPauses(now: () => number = () => performance.now()): () => Promise<void> {
  let sinceMs = now();
  return async () => {
    if (now() - sinceMs < WORK_MS_MAX) return;
    await new Promise((goOn) => setImmediate(goOn));
    sinceMs = now();
  };
}
