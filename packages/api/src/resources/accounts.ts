import { bool, displayName, message, out, required, text, timestamp, word } from '../fields.ts';
import type { MethodBuilder } from '../method-builder.ts';
import { defineResource } from '../resource.ts';
import {
  AccountBalance,
  CostPreview,
  GrantCreditRequest,
  PreviewCostRequest,
  paymentMethodWords,
  RecordPaymentRequest,
  TextFile,
  tierWords,
  UsageParameters,
  UsageReport,
  usageFields,
  usd,
} from './billing-messages.ts';
import { Evaluation, PreviewEvaluationResponse } from './evaluations.ts';
import { GatewayList, GatewayStanding, SettleGatewayRequest } from './gateway-messages.ts';
import { HostList } from './host-messages.ts';
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
      'Why nothing that costs money is served (402), if it is so.',
    ),
  ),
  tier: word([...tierWords], 'Spending tier; it rises by itself with payments. Set by operators.'),
  paymentMethod: word(
    [...paymentMethodWords],
    'NONE: only credit can be spent. MANUAL: an operator records payments. HOUSE: never billed. Set by operators.',
  ),
  stopText: word(
    ['STOP_TEXT_UNSPECIFIED', 'INCLUDED', 'EXCLUDED'],
    'Whether an answer has the stop string that ended it. Unspecified: as the server is set (included).',
  ),
  logRequests: bool(
    'Store prompts and answers for 30 days, for GET /inference/v1/requests/{id}/text. Default: nothing is stored.',
  ),
});

type On = MethodBuilder<'', 'accounts/{account}', typeof Account>;

/** What operators do with accounts. */
const operatorMethods = (on: On) => ({
  create: on.create({
    idKey: 'accountId',
    access: 'operator',
    query: message('CreateAccountParameters', {
      accountId: text('Default: derived from the e-mail.'),
      creditUsd: usd('Credit to begin with. Default: 1.'),
    }),
  }),
  block: on.verb('block', {
    access: 'operator',
    summary: 'Suspend an account for abuse, until it is unblocked',
    response: Account,
  }),
  unblock: on.verb('unblock', {
    access: 'operator',
    summary: 'Lift the suspension of a blocked account',
    response: Account,
  }),
  listHosts: on.verb('listHosts', {
    httpMethod: 'GET',
    access: 'operator',
    operationId: 'listHosts',
    summary: 'Machines that replicas run on: processors, memory, accelerators, and who was promised what',
    response: HostList,
  }),
  listGateways: on.verb('listGateways', {
    httpMethod: 'GET',
    access: 'operator',
    operationId: 'listGateways',
    summary: 'Servers that take inference requests: whether they are there, and what they hold of budgets',
    response: GatewayList,
  }),
  settleGateway: on.verb('settleGateway', {
    access: 'operator',
    operationId: 'settleGateway',
    summary: 'Say that a gateway never comes back: its requests are settled, and what it held is given back',
    body: SettleGatewayRequest,
    response: GatewayStanding,
  }),
  grantCredit: on.verb('grantCredit', {
    access: 'operator',
    operationId: 'grantCredit',
    summary: 'Give an account credit',
    body: GrantCreditRequest,
    response: AccountBalance,
  }),
  recordPayment: on.verb('recordPayment', {
    access: 'operator',
    operationId: 'recordPayment',
    summary: 'Record money that came in: for open invoices first, then as prepaid credit',
    body: RecordPaymentRequest,
    response: AccountBalance,
  }),
});

/** What accounts see of their money. */
const moneyMethods = (on: On) => ({
  getBalance: on.verb('getBalance', {
    httpMethod: 'GET',
    operationId: 'getBalance',
    summary: 'Credit, what is owed, and the use of the month',
    response: AccountBalance,
  }),
  listUsage: on.verb('listUsage', {
    httpMethod: 'GET',
    access: 'admin',
    operationId: 'listUsage',
    summary: 'What was used, grouped',
    query: UsageParameters,
    response: UsageReport,
  }),
  exportUsage: on.verb('exportUsage', {
    httpMethod: 'GET',
    access: 'admin',
    operationId: 'exportUsage',
    summary: 'What was used, as a file',
    query: message('ExportUsageParameters', {
      ...usageFields,
      format: word(['CSV', 'JSON']),
    }),
    response: TextFile,
  }),
  previewCost: on.verb('previewCost', {
    access: 'read',
    operationId: 'previewCost',
    summary: 'What requests, a deployment or fine-tuning would cost',
    body: PreviewCostRequest,
    response: CostPreview,
  }),
});

/**
 * Accounts are made by operators: administrators of the server's own account, who set tiers and record
 * payments too. Their own administrators change how they are served.
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
    ...operatorMethods(on),
    ...moneyMethods(on),
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
