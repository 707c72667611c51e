/** Counts what each deployment is asked for, for autoscaling. In memory, one a gateway. */
export class DeploymentLoads {
  readonly #loads = new Map<string, { concurrent: number; requests: number; tokens: number }>();

  /** A request for a deployment began. Returns what ends it, with the tokens that it generated. */
  begin(deployment: string): (tokensGenerated: number) => void {
    const load = this.#of(deployment);
    load.concurrent++;
    load.requests++;
    let isOpen = true;
    return (tokensGenerated) => {
      if (!isOpen) return;
      isOpen = false;
      load.concurrent--;
      load.tokens += tokensGenerated;
    };
  }

  /** Concurrency now, and requests and tokens since the last call for this deployment. */
  take(deployment: string): { concurrent: number; requests: number; tokens: number } {
    const load = this.#of(deployment);
    const taken = { ...load };
    load.requests = 0;
    load.tokens = 0;
    return taken;
  }

  #of(deployment: string): { concurrent: number; requests: number; tokens: number } {
    let load = this.#loads.get(deployment);
    if (load === undefined) {
      load = { concurrent: 0, requests: 0, tokens: 0 };
      this.#loads.set(deployment, load);
    }
    return load;
  }
}
