import { bool, float, int64, message, out, text, timestamp } from '../fields.ts';
import { defineResource } from '../resource.ts';

/** A limit of the account, such as `h100-us-iowa-1` or `monthly-spend-usd`. */
export const Quota = message('Quota', {
  name: out(text('accounts/{account}/quotas/{quota}')),
  value: int64('What is enforced; may be below maxValue.'),
  maxValue: int64('What value may be raised to; set by an operator.'),
  usage: out(float()),
  updateTime: out(timestamp()),
  explanation: out(text('What is limited, and what happens beyond.')),
});

export const quotas = defineResource({
  noun: 'quota',
  collection: 'quotas',
  parent: 'accounts/{account}',
  schema: Quota,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    update: on.update({
      access: 'admin',
      query: message('UpdateQuotaParameters', { createIfNotExists: bool() }),
    }),
  }),
});
