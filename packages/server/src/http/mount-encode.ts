import {
  applyReadMask,
  encodeMessage,
  type ListPage,
  type ListQuery,
  type Method,
  nextPageToken,
  plain,
} from '@sparkler/api';
import type { TSchema } from 'typebox';
import { readMaskOf } from './mount-decode.ts';

type Values = Record<string, unknown>;

/**
 * The body of a reply: all fields of the contract, unset ones with their zero value, narrowed to the read
 * mask. Only what the contract knows goes out, whatever a handler returns.
 */
export function encodeReply(method: Method, request: Values, answer: unknown): Values {
  switch (method.kind) {
    case 'list': {
      const page = answer as ListPage<object>;
      const list = request.list as ListQuery;
      const items = page.items.map((item) =>
        applyReadMask(encodeMessage(plain(method.resource), item), list.readMask),
      );
      const token = nextPageToken(list, page.nextCursor);
      return { [method.collection]: items, nextPageToken: token, totalSize: page.totalSize };
    }
    case 'delete':
      return {};
    case 'verb':
      return encodeOne(method.response, request, answer);
    default:
      return encodeOne(method.resource, request, answer);
  }
}

function encodeOne(schema: TSchema, request: Values, answer: unknown): Values {
  const encoded = encodeMessage(plain(schema), (answer ?? {}) as object);
  return applyReadMask(encoded, readMaskOf(request, plain(schema)));
}
