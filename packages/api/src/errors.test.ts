import { describe, expect, test } from 'vitest';
import {
  ApiError,
  InferenceError,
  inferenceErrorTable,
  invalidField,
  isInferenceErrorStatus,
  rpcCodeOf,
  rpcCodeTable,
  toApiErrorBody,
  toInferenceErrorBody,
} from './errors.ts';

describe('data-plane errors', () => {
  test('carry type and code of their status in one envelope', () => {
    const error = new InferenceError(404, 'no such model', { param: 'model' });
    expect(toInferenceErrorBody(error, 'r-1')).toEqual({
      error: {
        object: 'error',
        type: 'not_found_error',
        code: 'NOT_FOUND',
        message: 'no such model',
        param: 'model',
      },
      request_id: 'r-1',
    });
  });

  test('may have a more exact code, and no param', () => {
    const error = new InferenceError(400, 'too long', { code: 'CONTEXT_LENGTH_EXCEEDED' });
    expect(toInferenceErrorBody(error)).toEqual({
      error: {
        object: 'error',
        type: 'invalid_request_error',
        code: 'CONTEXT_LENGTH_EXCEEDED',
        message: 'too long',
        param: null,
      },
    });
  });

  test('exist for exactly the statuses of the specification', () => {
    const statuses = [400, 401, 402, 403, 404, 405, 408, 412, 413, 429, 500, 502, 503, 504, 520];
    expect(Object.keys(inferenceErrorTable).map(Number)).toEqual(statuses);
    expect(isInferenceErrorStatus(418)).toBe(false);
  });
});

describe('control-plane errors', () => {
  test('carry the google.rpc number, and violations as BadRequest details', () => {
    const error = invalidField('epochs', 'epochs must be at least 1, not 0');
    expect(error.httpStatus).toBe(400);
    expect(toApiErrorBody(error)).toEqual({
      code: 3,
      message: 'epochs must be at least 1, not 0',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: [{ field: 'epochs', description: 'epochs must be at least 1, not 0' }],
        },
      ],
    });
    expect(toApiErrorBody(new ApiError('NOT_FOUND', 'gone'))).toEqual({
      code: 5,
      message: 'gone',
      details: [],
    });
  });

  test('number every code of google.rpc once, 1 to 16', () => {
    const numbers = Object.values(rpcCodeTable).map((row) => row.number);
    expect(numbers).toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
    expect(rpcCodeOf(5)).toBe('NOT_FOUND');
    expect(rpcCodeOf(99)).toBe('UNKNOWN');
  });
});
