/** Our grammar package, in a process of its own as its anchor is. */
import { compileGrammar, prepareVocabulary } from '../../packages/grammar/src/index.ts';
import { answerCommands } from '../worker.ts';
import { readCases } from './cases.ts';
import { loadLlama3Tokenizer } from './llama3-tokenizer.ts';
import { type Contestant, measureSchema } from './measure-schema.ts';

const tokenizer = await loadLlama3Tokenizer();
const { cases } = readCases();
const { vocabulary } = tokenizer;
const mask = new Uint32Array(Math.ceil(vocabulary.size / 32));
const started = performance.now();
prepareVocabulary(vocabulary);
const preparedMs = performance.now() - started;

const contestant: Contestant = {
  async compile(schema) {
    const grammar = compileGrammar({ kind: 'json-schema', schema, closedByDefault: false }, vocabulary);
    return async () => {
      const matcher = grammar.createMatcher();
      return {
        fillMask: async () => matcher.fillMask(mask),
        accept: (token) => matcher.accept(token),
        close: () => undefined,
      };
    };
  },
};

answerCommands<number | 'prepared'>(async (command) =>
  command === 'prepared' ? preparedMs : { ...(await measureSchema(contestant, tokenizer, cases[command]!)) },
);
