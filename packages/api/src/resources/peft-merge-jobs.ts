import { displayName, message, out, reference, required, text, timestamp } from '../fields.ts';
import { defineResource } from '../resource.ts';
import { JobState } from './enums.ts';
import { Status } from './shared-messages.ts';

/** Merges a LoRA addon into its base model. */
export const PeftMergeJob = message('PeftMergeJob', {
  name: out(text('accounts/{account}/PeftMergeJobs/{peftMergeJob}')),
  displayName: displayName(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  createdBy: out(text()),
  state: out(JobState),
  status: out(Status),
  peftModel: required(reference('model', 'The addon.')),
  mergedModel: required(reference('model', 'The model to make.')),
});

export const peftMergeJobs = defineResource({
  noun: 'peftMergeJob',
  // Capital P in the public API's paths; lists are lowerCamelCase as all are.
  collection: 'PeftMergeJobs',
  plural: 'peftMergeJobs',
  parent: 'accounts/{account}',
  schema: PeftMergeJob,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({ idKey: null }),
    delete: on.delete(),
  }),
});
