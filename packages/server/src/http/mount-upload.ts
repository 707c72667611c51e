import { PassThrough, type Readable } from 'node:stream';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { InferenceError, invalidField, type UploadedFile } from '@sparkler/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Largest file a verb takes (spec, "Upload Dataset Files"); larger ones go through signed URLs. */
export const UPLOAD_BYTES_MAX = 150 * 1024 * 1024;
/** Room for the form around the file. */
const FORM_BYTES_MAX = 64 * 1024;

const uploads = new WeakSet<object>();

/** Whether a request's body is a file that `acceptUploads` found. */
export function isUpload(body: unknown): body is UploadedFile {
  return typeof body === 'object' && body !== null && uploads.has(body);
}

/**
 * Lets the routes of a scope take one file in a multipart form, in the given field. The body is then an
 * UploadedFile whose content streams: it must be read to its end, and fails with a 413 when it grows too
 * large.
 */
export function acceptUploads(scope: FastifyInstance, field: string): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    'multipart/form-data',
    { bodyLimit: UPLOAD_BYTES_MAX + FORM_BYTES_MAX },
    (request, payload, done) => {
      readForm(request, payload as Readable, field).then(
        (file) => done(null, file),
        (error: Error) => done(error),
      );
    },
  );
}

/** Resolves as soon as the file begins; its content follows. */
function readForm(request: FastifyRequest, payload: Readable, field: string): Promise<UploadedFile> {
  return new Promise((resolve, reject) => {
    const form = openForm(request, reject);
    if (form === null) return;
    let content: PassThrough | null = null;
    const fail = (error: Error) => {
      payload.unpipe(form);
      payload.resume();
      if (content === null) reject(error);
      else content.destroy(error);
    };
    form.on('file', (name, stream, filename, _encoding, contentType) => {
      if (name !== field || content !== null) {
        stream.resume();
        return fail(invalidField(name, `the form has a file in '${name}'; send one file, in '${field}'`));
      }
      content = new PassThrough();
      stream.on('limit', () => fail(tooLarge()));
      stream.pipe(content);
      const file: UploadedFile = { filename: filename ?? '', contentType, content };
      uploads.add(file);
      resolve(file);
    });
    form.on('field', (name) =>
      fail(invalidField(name, `unknown form field '${name}'; send only '${field}'`)),
    );
    form.on('finish', () => reject(invalidField(field, `the form has no file in '${field}'`)));
    form.on('error', (error: Error) => fail(invalidField(field, `the form can't be read: ${error.message}`)));
    payload.on('error', fail);
    payload.on('aborted', () =>
      fail(invalidField(field, 'the connection closed before the file was complete')),
    );
    payload.pipe(form);
  });
}

function openForm(request: FastifyRequest, reject: (error: Error) => void): BusboyInstance | null {
  const headers = { ...request.headers, 'content-type': request.headers['content-type'] ?? '' };
  try {
    return new Busboy({
      headers,
      limits: { files: 2, fields: 8, fieldSize: 1024, fileSize: UPLOAD_BYTES_MAX },
    });
  } catch (error) {
    reject(
      invalidField('', `the form can't be read: ${error instanceof Error ? error.message : 'unknown fault'}`),
    );
    return null;
  }
}

function tooLarge(): InferenceError {
  const megabytes = UPLOAD_BYTES_MAX / 1024 / 1024;
  return new InferenceError(
    413,
    `the file is larger than ${megabytes} MB; upload it to the URLs of :getUploadEndpoint`,
  );
}
