/** The anchor: web-xgrammar, which may abort its process. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerCommands } from '../worker.ts';
import { readCases } from './cases.ts';
import { loadLlama3Tokenizer } from './llama3-tokenizer.ts';
import { type Contestant, measureSchema } from './measure-schema.ts';

/** The little of web-xgrammar that is used; its package is an anchor, not a dependency. */
interface XGrammar {
  readonly TokenizerInfo: {
    createTokenizerInfo(
      tokens: readonly string[],
      type: 'byte_level',
      prependSpace: boolean,
      size: number,
      stopTokens: readonly number[],
    ): Promise<object>;
  };
  readonly GrammarCompiler: {
    createGrammarCompiler(tokenizer: object, cached: boolean): Promise<XGrammarCompiler>;
  };
  readonly GrammarMatcher: { createGrammarMatcher(grammar: XGrammarCompiled): Promise<XGrammarMatcher> };
}
interface XGrammarCompiled {
  dispose(): void;
}
interface XGrammarCompiler {
  compileJSONSchema(schema: string): Promise<XGrammarCompiled>;
}
interface XGrammarMatcher {
  getNextTokenBitmask(): Promise<Int32Array>;
  acceptToken(token: number): boolean;
  dispose(): void;
}

const tokenizer = await loadLlama3Tokenizer();
const { cases } = readCases();
const { vocabulary, encodedTokens } = tokenizer;
const { TokenizerInfo, GrammarCompiler, GrammarMatcher } = loadXGrammar();
const stops = vocabulary.endTokens;
const started = performance.now();
const info = await TokenizerInfo.createTokenizerInfo(
  encodedTokens,
  'byte_level',
  false,
  vocabulary.size,
  stops,
);
const compiler = await GrammarCompiler.createGrammarCompiler(info, false);
const preparedMs = performance.now() - started;

const contestant: Contestant = {
  async compile(schema) {
    const grammar = await compiler.compileJSONSchema(JSON.stringify(schema));
    return async () => {
      const matcher = await GrammarMatcher.createGrammarMatcher(grammar);
      return {
        async fillMask() {
          await matcher.getNextTokenBitmask();
        },
        accept: (token) => matcher.acceptToken(token),
        close: () => matcher.dispose(),
      };
    };
  },
};

answerCommands<number | 'prepared'>(async (command) =>
  command === 'prepared' ? preparedMs : { ...(await measureSchema(contestant, tokenizer, cases[command]!)) },
);

/**
 * The package is CommonJS in a file that says it is a module, so it is loaded from a copy with another name.
 */
function loadXGrammar(): XGrammar {
  const require = createRequire(new URL('../anchors/package.json', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'sparkler-xgrammar-'));
  try {
    const copy = join(folder, 'xgrammar.cjs');
    copyFileSync(require.resolve('@mlc-ai/web-xgrammar'), copy);
    return require(copy) as XGrammar;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
