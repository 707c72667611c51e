/** What a deployment was asked for. */
export interface DeploymentLoad {
  /** Requests running and waiting now. */
  readonly concurrent: number;
  /** Since this gateway started. */
  readonly requests: number;
  readonly tokens: number;
}

/** Counts what each deployment is asked for, for autoscaling. In memory, one a gateway. */
export class DeploymentLoads {
  readonly #loads = new Map<string, { concurrent: number; requests: number; tokens: number }>();

  /** A request for a deployment began. Returns what ends it, with the tokens that it generated. */
  begin(deployment: string): (tokensGenerated: number) => void {
    let load = this.#loads.get(deployment);
    if (load === undefined) {
      load = { concurrent: 0, requests: 0, tokens: 0 };
      this.#loads.set(deployment, load);
    }
    load.concurrent++;
    load.requests++;
    const counted = load;
    let isOpen = true;
    return (tokensGenerated) => {
      if (!isOpen) return;
      isOpen = false;
      counted.concurrent--;
      counted.tokens += tokensGenerated;
    };
  }

  /** Of all deployments that were ever asked for anything. */
  list(): ReadonlyMap<string, DeploymentLoad> {
    return new Map([...this.#loads].map(([deployment, load]) => [deployment, { ...load }]));
  }
}
