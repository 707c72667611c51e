import { expect, test } from 'vitest';
import { startS3Double } from './s3-double.ts';
import { openS3Store } from './s3-store.ts';
import { chunksOf, testBlobStore } from './testing.ts';

const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };

testBlobStore('an S3 bucket', async () => {
  const double = await startS3Double();
  const { endpoint } = double;
  const store = await openS3Store({ bucket: 'b', prefix: 'pre', region: 'r', endpoint, credentials });
  return { store, keepsEveryByte: false, close: () => double.close() };
});

test('an S3 bucket is left with no unfinished upload by writes that fail', async () => {
  const double = await startS3Double();
  const { endpoint } = double;
  const store = await openS3Store({ bucket: 'b', prefix: '', region: 'r', endpoint, credentials });
  await expect(store.write('a/x', chunksOf('abc'), 2)).rejects.toThrow('announced');
  expect(double.uploads.size).toBe(0);
  expect(double.objects.size).toBe(0);
  await double.close();
});
