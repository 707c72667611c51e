/** What has been started, to be stopped in the opposite order. */
export interface StopList {
  add(name: string, stop: () => Promise<void> | void): void;
  /** Stops everything; one that fails is reported and does not keep the others running. Once only. */
  stopAll(): Promise<void>;
}

export function createStopList(onError: (name: string, error: Error) => void): StopList {
  const stops: { name: string; stop: () => Promise<void> | void }[] = [];
  let stopping: Promise<void> | null = null;
  async function run(): Promise<void> {
    for (let entry = stops.pop(); entry; entry = stops.pop()) {
      try {
        await entry.stop();
      } catch (error) {
        onError(entry.name, error as Error);
      }
    }
  }
  return {
    add(name, stop) {
      stops.push({ name, stop });
    },
    stopAll() {
      stopping ??= run();
      return stopping;
    },
  };
}
