import { bool, displayName, message, out, required, text, timestamp, word } from '../fields.ts';
import { defineResource } from '../resource.ts';
import { Evaluation, PreviewEvaluationResponse } from './evaluations.ts';
import { Status } from './shared-messages.ts';

export const Account = message('Account', {
  name: out(text('accounts/{account}')),
  displayName: displayName(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  accountType: word(['ACCOUNT_TYPE_UNSPECIFIED', 'DEVELOPER', 'ENTERPRISE', 'BUSINESS']),
  email: text('Owner of the account.', { maxLength: 320 }),
  state: out(word(['STATE_UNSPECIFIED', 'CREATING', 'READY', 'UPDATING', 'DELETING'])),
  status: out(Status),
  suspendState: out(
    word(
      [
        'UNSUSPENDED',
        'FAILED_PAYMENTS',
        'CREDIT_DEPLETED',
        'MONTHLY_SPEND_LIMIT_EXCEEDED',
        'BLOCKED_BY_ABUSE_RULE',
      ],
      'Why inference is refused with 402, if it is.',
    ),
  ),
  stopText: word(
    ['STOP_TEXT_UNSPECIFIED', 'INCLUDED', 'EXCLUDED'],
    'Whether an answer has the stop string that ended it. Unspecified: as the server is set (included).',
  ),
  logRequests: bool(
    'Store prompts and answers for 30 days, for GET /inference/v1/requests/{id}/text. Default: nothing is stored.',
  ),
});

/**
 * Accounts are made by the server's administrator, not over the API; their administrators change how they are
 * served.
 */
export const accounts = defineResource({
  noun: 'account',
  collection: 'accounts',
  parent: '',
  schema: Account,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    update: on.update({ access: 'admin' }),
    testEvaluation: on.verb('testeval', {
      operationId: 'testEvaluation',
      summary: 'Run an evaluation that is not stored over sample data',
      body: message('TestEvaluationRequest', {
        evaluation: required(Evaluation),
        sampleData: required(text('JSONL.')),
      }),
      response: PreviewEvaluationResponse,
    }),
  }),
});
