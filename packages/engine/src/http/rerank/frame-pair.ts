import type { ModelTokenizer } from '../../core/model-runner.ts';

/** What frames a query and a document for a reranker. */
export interface PairFrame {
  /**
   * Text with `{query}` and `{document}` (and `{task}`) in it, from the model's metadata; null: encoder
   * framing.
   */
  readonly template: string | null;
  readonly tokenizer: ModelTokenizer;
}

/** The key under which converters store the prompt of instruction-tuned rerankers. */
const templateKey = 'tokenizer.chat_template.rerank';

export function readPairFrame(
  metadata: Readonly<Record<string, string>>,
  tokenizer: ModelTokenizer,
): PairFrame {
  return { template: metadata[templateKey] ?? null, tokenizer };
}

/** Whether the prompt has a place for an instruction. */
export function takesTask(frame: PairFrame): boolean {
  return frame.template?.includes('{task}') ?? false;
}

export interface RerankPair {
  readonly query: string;
  readonly document: string;
  readonly task: string;
}

/** One pair as tokens. The texts of the caller never become special tokens. */
export function framePair(frame: PairFrame, pair: RerankPair): number[] {
  const { tokenizer, template } = frame;
  return template === null ? frameEncoderPair(tokenizer, pair) : frameTemplate(template, tokenizer, pair);
}

function frameTemplate(template: string, tokenizer: ModelTokenizer, pair: RerankPair): number[] {
  const values: Record<string, string> = {
    '{query}': pair.query,
    '{document}': pair.document,
    '{task}': pair.task,
  };
  return template.split(/(\{query\}|\{document\}|\{task\})/).flatMap((part) => {
    const value = values[part];
    return value === undefined
      ? tokenizer.encode(part, { addSpecial: false, parseSpecial: true })
      : tokenizer.encode(value, { addSpecial: false, parseSpecial: false });
  });
}

/**
 * As encoders were trained on pairs. BERT: `[CLS] query [SEP] document [SEP]`. RoBERTa, whose separator is
 * its end token: `<s> query </s></s> document </s>`.
 */
function frameEncoderPair(tokenizer: ModelTokenizer, pair: RerankPair): number[] {
  const query = tokenizer.encode(pair.query, { addSpecial: true, parseSpecial: false });
  const document = tokenizer.encode(pair.document, { addSpecial: true, parseSpecial: false });
  const { bosToken, eosToken } = tokenizer;
  if (bosToken !== null && document[0] === bosToken) document.shift();
  const doubled = eosToken !== null && query.at(-1) === eosToken && document.at(-1) === eosToken;
  return doubled ? [...query, eosToken, ...document] : [...query, ...document];
}
