import { message, out, required, text, timestamp, word } from '../fields.ts';
import { defineResource } from '../resource.ts';
import { Status } from './shared-messages.ts';

/** A saved image of an environment. */
export const Snapshot = message('Snapshot', {
  name: out(text('accounts/{account}/snapshots/{snapshot}')),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  state: out(word(['STATE_UNSPECIFIED', 'CREATING', 'READY', 'FAILED', 'DELETING'])),
  status: out(Status),
  imageRef: out(text()),
});

export const snapshots = defineResource({
  noun: 'snapshot',
  collection: 'snapshots',
  parent: 'accounts/{account}',
  schema: Snapshot,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({
      idKey: null,
      // The public API has no way to say which environment; without one the request means nothing.
      query: message('CreateSnapshotParameters', { environmentId: required(text('Environment to save.')) }),
    }),
    delete: on.delete(),
  }),
});
