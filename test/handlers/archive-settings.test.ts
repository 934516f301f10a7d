import { expect, test } from '@jest/globals';
import { readArchive } from '../../lambda/handlers/archive-settings.ts';
import { readArchiveFunction } from '../../lambda/handlers/invoke-settings.ts';

const AWS_REGION = 'eu-west-1';

test('the archive lies in a bucket, or in a folder of a developer’s machine', () => {
  expect(readArchive({ POLYSTORE_ARCHIVE: 's3://bucket/prefix', AWS_REGION })).toEqual({
    location: 's3://bucket/prefix',
    region: 'eu-west-1',
    s3Endpoint: undefined,
  });
  expect(readArchive({ POLYSTORE_ARCHIVE: 'file:///folder', AWS_REGION }).location).toBe('file:///folder');
  expect(() => readArchive({ POLYSTORE_ARCHIVE: '/folder', AWS_REGION })).toThrow(
    /takes s3:\/\/bucket\/prefix/,
  );
});

test('a folder is refused on Lambda', () => {
  const env = { POLYSTORE_ARCHIVE: 'file:///folder', AWS_REGION, AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001' };

  expect(() => readArchive(env)).toThrow(/this is Lambda/);
});

test('other endpoints than the region’s own are for loopback only', () => {
  const s3 = { POLYSTORE_ARCHIVE: 's3://bucket', AWS_REGION, POLYSTORE_S3_ENDPOINT: 'https://s3.test' };
  const lambda = {
    POLYSTORE_ARCHIVE_FUNCTION: 'read-archive',
    AWS_REGION,
    POLYSTORE_LAMBDA_ENDPOINT: 'https://lambda.test',
  };

  expect(() => readArchive(s3)).toThrow(/loopback/);
  expect(() => readArchiveFunction(lambda)).toThrow(/loopback/);
  expect(readArchiveFunction({ ...lambda, POLYSTORE_LAMBDA_ENDPOINT: 'http://127.0.0.1:8080' })).toEqual({
    functionName: 'read-archive',
    region: 'eu-west-1',
    endpoint: 'http://127.0.0.1:8080',
  });
});
