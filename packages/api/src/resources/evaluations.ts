import {
  bool,
  float,
  int32,
  int64,
  list,
  map,
  message,
  out,
  required,
  text,
  timestamp,
  word,
} from '../fields.ts';
import { defineResource } from '../resource.ts';
import { freeObject } from '../schema.ts';
import { Status } from './shared-messages.ts';

const Provider = message('Provider', { id: text(), config: map(text()), label: text() });

const LlmAssertion = message('LlmAssertion', {
  llmEvaluatorPrompt: text(),
  providers: required(list(Provider)),
  prompts: required(list(text())),
  evaluateOptions: message('EvaluateOptions', {
    maxConcurrency: int32('Default 4.'),
    repeat: int32('Default 1.'),
    delay: int32('Milliseconds.'),
  }),
});

const CodeAssertion = message('CodeAssertion', {
  language: required(text()),
  code: required(text()),
  expectedOutput: text(),
  options: message('CodeExecutionOptions', {
    timeoutMs: int32(),
    memoryLimitMb: int32(),
    envVars: map(text()),
  }),
});

const Assertion = message('Assertion', {
  assertionType: required(word(['ASSERTION_TYPE_UNSPECIFIED', 'ASSERTION_TYPE_LLM', 'ASSERTION_TYPE_CODE'])),
  llmAssertion: LlmAssertion,
  codeAssertion: CodeAssertion,
  metricName: text(),
});

/** Assertions over the answers of models; the older sibling of Evaluator. */
export const Evaluation = message('Evaluation', {
  name: out(text('accounts/{account}/evaluations/{evaluation}')),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  createdBy: out(text()),
  status: out(Status),
  evaluationType: required(text()),
  description: text(),
  providers: required(list(Provider)),
  assertions: required(list(Assertion)),
});

export const PreviewEvaluationResponse = message('PreviewEvaluationResponse', {
  results: list(
    message('PreviewEvaluationResult', {
      success: bool(),
      reason: text(),
      score: float(),
      messages: list(freeObject()),
      metrics: map(float()),
    }),
  ),
  totalSamples: int32(),
  totalRuntimeMs: int64(),
});

export const evaluations = defineResource({
  noun: 'evaluation',
  collection: 'evaluations',
  parent: 'accounts/{account}',
  schema: Evaluation,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({
      idKey: 'evaluationId',
      wrapped: message('CreateEvaluationRequest', { evaluation: required(Evaluation), evaluationId: text() }),
    }),
    delete: on.delete(),
    preview: on.verb('preview', {
      summary: 'Run an evaluation over sample data',
      body: message('PreviewEvaluationRequest', {
        sampleData: required(text('JSONL.')),
        maxSamples: int32(),
      }),
      response: PreviewEvaluationResponse,
    }),
    validateAssertions: on.collectionVerb('validateAssertions', {
      operationId: 'validateAssertions',
      summary: 'Check assertions without running them',
      body: message('ValidateAssertionsRequest', { assertions: required(list(Assertion)) }),
      response: message('ValidateAssertionsResponse', {
        status: text(),
        metricToErrors: map(message('AssertionErrors', { errorMessages: list(text()) })),
      }),
    }),
  }),
});
