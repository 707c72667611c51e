import { displayName, message, out, required, text, timestamp, word } from '../fields.ts';
import { defineResource } from '../resource.ts';
import { Evaluation, PreviewEvaluationResponse } from './evaluations.ts';
import { Status } from './shared-messages.ts';

export const Account = message('Account', {
  name: out(text('accounts/{account}')),
  displayName: displayName(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  accountType: word(['ACCOUNT_TYPE_UNSPECIFIED', 'DEVELOPER', 'ENTERPRISE', 'BUSINESS']),
  email: required(text('Owner of the account.')),
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
      'Why inference is refused with 412, if it is.',
    ),
  ),
});

/** Accounts are made by the server's administrator, not over the API. */
export const accounts = defineResource({
  noun: 'account',
  collection: 'accounts',
  parent: '',
  schema: Account,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
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
