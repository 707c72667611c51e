/** Our engine's core on its llama.cpp runner, in a process of its own. */
import { Engine } from '../../packages/engine/src/core/engine.ts';
import type { StepRecord } from '../../packages/engine/src/core/engine-observer.ts';
import { openLlamaModel } from '../../packages/engine/src/runners/llama-cpp/index.ts';
import { answerCommands } from '../worker.ts';
import type { EngineCommand } from './commands.ts';
import { measureAbort } from './measure-abort.ts';
import { measureAdapters } from './measure-adapters.ts';
import { measureConversations } from './measure-conversations.ts';
import { measureFirstToken } from './measure-first-token.ts';
import { measurePrediction } from './measure-prediction.ts';
import { measureStepOverhead, measureThroughput } from './measure-throughput.ts';
import type { Subject } from './subject.ts';

const [path = '', threads = '1'] = process.argv.slice(2);
const model = await openLlamaModel({
  path,
  threads: Number(threads),
  cellsMax: 8192,
  sequencesMax: 32,
  batchTokensMax: 512,
});
const watchers = new Set<(record: StepRecord) => void>();
const engine = new Engine({
  runner: model.runner,
  observer: {
    onStep(record) {
      for (const watch of watchers) watch(record);
    },
  },
});

const subject: Subject = {
  engine,
  modelPath: path,
  encode: (text) => model.tokenizer.encode(text, { addSpecial: false, parseSpecial: true }),
  endToken: model.tokenizer.endTokens[0] ?? -1,
  watchSteps(watch) {
    watchers.add(watch);
    return () => watchers.delete(watch);
  },
};

answerCommands<EngineCommand>(async (command) => {
  switch (command.kind) {
    case 'throughput':
      return { ...(await measureThroughput(subject, command)) };
    case 'step-overhead':
      return { ...(await measureStepOverhead(subject, command)) };
    case 'first-token':
      return measureFirstToken(subject, command);
    case 'conversations':
      return { ...(await measureConversations(subject, command)) };
    case 'prediction':
      return { ...(await measurePrediction(subject, command)) };
    case 'adapters':
      return { ...(await measureAdapters(subject, command)) };
    case 'abort':
      return measureAbort(subject);
  }
});
