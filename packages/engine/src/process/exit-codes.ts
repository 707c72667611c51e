/** Exit codes of the engine process; those above 63 are sysexits'. */
export const exitCodes = {
  stopped: 0,
  failed: 1,
  wrongFlags: 64,
  cannotStart: 70,
  hung: 75,
} as const;
