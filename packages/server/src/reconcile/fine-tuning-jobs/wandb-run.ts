/**
 * A run at Weights & Biases, through its public HTTP protocol: GraphQL makes the run, a file stream takes its
 * history. Nothing here throws: what cannot be sent is told once and tried again, and given up at the end.
 */

export interface WandbRunOptions {
  /** https://api.wandb.ai, or a server of one's own. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly project: string;
  /** Team or user; empty: the key's own. */
  readonly entity: string;
  readonly runId: string;
  readonly displayName: string;
  /** Hyperparameters; never data. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Lines of history that it has already, of before a restart. */
  readonly linesBefore: number;
  readonly onUrl: (url: string) => void;
  readonly onProblem: (problem: string) => void;
}

type Row = Readonly<Record<string, unknown>>;

const requestMsMax = 10_000;
const flushMs = 2_000;
const triesMax = 3;

const upsertRun = `
  mutation UpsertBucket(
    $name: String, $project: String, $entity: String, $displayName: String, $config: JSONString
  ) {
    upsertBucket(input: {
      name: $name, modelName: $project, entityName: $entity, displayName: $displayName, config: $config
    }) {
      bucket { id name displayName project { name entity { name } } }
      inserted
    }
  }`;

interface RunPlace {
  readonly entity: string;
  readonly project: string;
  readonly name: string;
}

export class WandbRun {
  readonly #options: WandbRunOptions;
  #place: RunPlace | null = null;
  #waiting: Row[] = [];
  #linesSent: number;
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> = Promise.resolve();
  #hasTold = false;

  constructor(options: WandbRunOptions) {
    this.#options = options;
    this.#linesSent = options.linesBefore;
    this.#schedule();
  }

  /** Adds a line of history. */
  log(row: Row): void {
    this.#waiting.push(row);
    this.#schedule();
  }

  /** Sends the rest and ends the run there; a run that goes on later is left open (`exitCode` null). */
  async finish(exitCode: number | null): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (let tries = 0; tries < triesMax; tries++) {
      if (await this.#send(exitCode)) return;
    }
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void this.#send(null).then((isSent) => {
        if (!isSent) this.#schedule();
      });
    }, flushMs).unref();
  }

  /** One after the other: lines are numbered. True when everything is there. */
  #send(exitCode: number | null): Promise<boolean> {
    const sent = this.#sending.then(async () => {
      try {
        this.#place ??= await this.#open();
        await this.#stream(this.#place, exitCode);
        return true;
      } catch (error) {
        this.#tell(error as Error);
        return false;
      }
    });
    this.#sending = sent.then(() => undefined);
    return sent;
  }

  async #open(): Promise<RunPlace> {
    const { baseUrl, project, entity, runId, displayName, config, onUrl } = this.#options;
    const values = Object.entries(config).map(([key, value]) => [key, { value }]);
    const variables = {
      name: runId,
      project,
      entity: entity || null,
      displayName,
      config: JSON.stringify(Object.fromEntries(values)),
    };
    const answer = (await this.#post('/graphql', { query: upsertRun, variables })) as UpsertAnswer;
    const bucket = answer.data?.upsertBucket?.bucket;
    if (bucket === undefined) throw new Error(answer.errors?.[0]?.message ?? 'it made no run');
    const place = { entity: bucket.project.entity.name, project: bucket.project.name, name: bucket.name };
    const site = baseUrl.replace('//api.wandb.ai', '//wandb.ai').replace(/\/+$/, '');
    onUrl(`${site}/${encodePath(place.entity, place.project, 'runs', place.name)}`);
    return place;
  }

  async #stream(place: RunPlace, exitCode: number | null): Promise<void> {
    const rows = this.#waiting;
    if (rows.length === 0 && exitCode === null) return;
    const history = { offset: this.#linesSent, content: rows.map((row) => JSON.stringify(row)) };
    const files = rows.length === 0 ? {} : { 'wandb-history.jsonl': history };
    const end = exitCode === null ? {} : { complete: true, exitcode: exitCode };
    const path = `/files/${encodePath(place.entity, place.project, place.name)}/file_stream`;
    await this.#post(path, { files, ...end });
    this.#waiting = this.#waiting.slice(rows.length);
    this.#linesSent += rows.length;
  }

  async #post(path: string, body: object): Promise<unknown> {
    const { baseUrl, apiKey } = this.#options;
    const response = await fetch(`${baseUrl.replace(/\/+$/, '')}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`,
      },
      body: JSON.stringify(body),
      // The key goes to this server and to no other.
      redirect: 'error',
      signal: AbortSignal.timeout(requestMsMax),
    });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return response.json();
  }

  #tell(error: Error): void {
    if (this.#hasTold) return;
    this.#hasTold = true;
    const reason = (error.cause as Error | undefined)?.message ?? error.message;
    this.#options.onProblem(
      `Weights & Biases at ${this.#options.baseUrl} takes no metrics (${reason}); training goes on, and all ` +
        'metrics are in metricsFileSignedUrl',
    );
  }
}

interface UpsertAnswer {
  readonly data?: {
    readonly upsertBucket?: {
      readonly bucket: {
        readonly name: string;
        readonly project: { readonly name: string; readonly entity: { readonly name: string } };
      };
    };
  };
  readonly errors?: readonly { readonly message: string }[];
}

function encodePath(...parts: readonly string[]): string {
  return parts.map(encodeURIComponent).join('/');
}
