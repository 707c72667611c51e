import { InferenceError } from '@sparkler/api';
import type { GenerationEngine, GenerationEvent, GenerationTimings } from '../../core/generation.ts';
import type { ModelTokenizer } from '../../core/model-runner.ts';
import { ChoiceAssembler, type ChoiceDelta, type FinishReason } from './choice-assembler.ts';
import { toInferenceError } from './engine-error.ts';
import { countPromptTokens, type GenerationPlan, type PromptPlan } from './generation-plan.ts';

/** What happens in a run, in order. Exactly one of finished, failed, aborted comes, last. */
export interface RunListener {
  queued(position: number): void;
  /** All prompts are in the model: token counts are known. */
  prompted(): void;
  delta(choice: number, delta: ChoiceDelta): void;
  choiceEnded(choice: number, rest: ChoiceDelta, finish: FinishReason): void;
  finished(): void;
  failed(error: InferenceError): void;
  aborted(): void;
}

/** One HTTP request in the engine: all its prompts and choices. */
export class GenerationRun {
  readonly plan: GenerationPlan;
  readonly choices: readonly ChoiceAssembler[];
  /** Requests in the engine when this one came, itself left out. */
  readonly concurrentRequests: number;
  cachedTokens = 0;
  generatedTokens = 0;
  /** Of all prompts: counts added up, durations of the longest. */
  timings: GenerationTimings = noTimings;
  readonly #engine: GenerationEngine;
  readonly #listener: RunListener;
  readonly #queuePositions: number[];
  #promptsWaiting: number;
  #promptsRunning: number;
  #over = false;

  /** Submits at once; events come on later ticks. */
  constructor(
    plan: GenerationPlan,
    engine: GenerationEngine,
    tokenizer: ModelTokenizer,
    listener: RunListener,
  ) {
    this.plan = plan;
    this.#engine = engine;
    this.#listener = listener;
    const { running, waiting } = engine.status();
    this.concurrentRequests = running + waiting;
    this.#queuePositions = plan.prompts.map(() => 0);
    this.#promptsWaiting = plan.prompts.length;
    this.#promptsRunning = plan.prompts.length;
    const count = plan.prompts.length * plan.choicesPerPrompt;
    this.choices = Array.from({ length: count }, () => new ChoiceAssembler(tokenizer, plan.text));
    plan.prompts.forEach((prompt, index) => {
      engine.submit(prompt.request, (event) => this.#take(prompt, index, event));
    });
  }

  get promptTokens(): number {
    return countPromptTokens(this.plan);
  }

  /** Whether cached token counts of all prompts are known. */
  get allPrompted(): boolean {
    return this.#promptsWaiting === 0;
  }

  abort(): void {
    if (this.#over) return;
    for (const prompt of this.plan.prompts) this.#engine.abort(prompt.request.id);
  }

  #take(prompt: PromptPlan, index: number, event: GenerationEvent): void {
    // After a failure of one prompt the events of the others have nowhere to go.
    if (this.#over) return;
    const first = index * this.plan.choicesPerPrompt;
    switch (event.type) {
      case 'queue':
        this.#queuePositions[index] = event.position;
        this.#listener.queued(Math.max(...this.#queuePositions));
        break;
      case 'prompt':
        this.#takePrompt(prompt, first, event);
        break;
      case 'token': {
        const choice = first + event.choice;
        const delta = this.choices[choice]!.push(
          event.token,
          event.logprob ?? null,
          event.alternatives ?? [],
        );
        this.#listener.delta(choice, delta);
        break;
      }
      case 'choice-end': {
        const fault = prompt.fault();
        if (fault !== null) {
          this.#end(() => this.#listener.failed(describeFault(fault)));
          break;
        }
        const choice = first + event.choice;
        const { delta, finish } = this.choices[choice]!.end(event.reason);
        this.#listener.choiceEnded(choice, delta, finish);
        break;
      }
      case 'finish':
        this.#takeFinish(event);
        break;
      case 'error':
        this.#end(() => this.#listener.failed(toInferenceError(event.code, event.message)));
        break;
      case 'aborted':
        this.#end(() => this.#listener.aborted());
        break;
    }
  }

  #takeFinish(event: GenerationEvent & { type: 'finish' }): void {
    this.generatedTokens += event.generatedTokens;
    this.timings = joinTimings(this.timings, event.timings);
    if (--this.#promptsRunning > 0) return;
    this.#over = true;
    this.#listener.finished();
  }

  #takePrompt(prompt: PromptPlan, first: number, event: GenerationEvent & { type: 'prompt' }): void {
    this.cachedTokens += event.cachedTokens;
    if (--this.#promptsWaiting === 0) this.#listener.prompted();
    if (prompt.echoed === null) return;
    for (let choice = first; choice < first + this.plan.choicesPerPrompt; choice++) {
      const assembler = this.choices[choice]!;
      const delta = assembler.echo(prompt.request.promptTokens, prompt.echoed, event.logprobs ?? []);
      this.#listener.delta(choice, delta);
    }
  }

  /** One prompt ended badly: the others end with it. */
  #end(tell: () => void): void {
    this.abort();
    this.#over = true;
    tell();
  }
}

function describeFault(fault: Error): InferenceError {
  return new InferenceError(400, `the grammar could not be followed to its end: ${fault.message}`, {
    param: 'response_format',
    cause: fault,
  });
}

const noTimings: GenerationTimings = {
  queueMs: 0,
  prefillMs: 0,
  decodeMs: 0,
  sampleMs: 0,
  maskMs: 0,
  firstTokenMs: null,
  steps: 0,
  draftTokens: 0,
  draftTokensAccepted: 0,
};

function joinTimings(a: GenerationTimings, b: GenerationTimings): GenerationTimings {
  const firsts = [a.firstTokenMs, b.firstTokenMs].filter((value) => value !== null);
  return {
    queueMs: Math.max(a.queueMs, b.queueMs),
    prefillMs: Math.max(a.prefillMs, b.prefillMs),
    decodeMs: Math.max(a.decodeMs, b.decodeMs),
    sampleMs: a.sampleMs + b.sampleMs,
    maskMs: a.maskMs + b.maskMs,
    firstTokenMs: firsts.length === 0 ? null : Math.min(...firsts),
    steps: Math.max(a.steps, b.steps),
    draftTokens: a.draftTokens + b.draftTokens,
    draftTokensAccepted: a.draftTokensAccepted + b.draftTokensAccepted,
  };
}
