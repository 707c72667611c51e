import type { Dialect } from './dialect.ts';

/** Our own engine process: every field as it is, plus the field `sparkler`. */
export const native: Dialect = {
  name: 'native',
  paths: {
    chat: '/v1/chat/completions',
    completions: '/v1/completions',
    embeddings: '/v1/embeddings',
    rerank: '/v1/rerank',
    'format-check': '/v1/response_format/check',
  },
  extension: true,
  asksForUsage: false,
  renames: {},
  // It travels in the extension.
  isolationField: null,
  gatewayFields: [],
  lacking: {},
  lackingInChat: {},
  logprobsForm: null,
  grammarField: null,
  oneAnswerOnly: null,
  sendsTokenDefault: false,
  adapterAsModel: false,
  // It travels in the extension.
  includeStopField: null,
  headerPrefix: 'fireworks-',
};
