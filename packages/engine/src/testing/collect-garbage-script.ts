/** With --expose-gc: collects garbage on SIGUSR2 and says what is left. */
const COLLECTIONS = 4;

process.on('SIGUSR2', () => {
  // Compiled code goes only after several collections in which it was not used.
  for (let i = 0; i < COLLECTIONS; i++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ event: 'collected', heapBytes: heapUsed + external })}\n`);
});
