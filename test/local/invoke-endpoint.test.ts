import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createInvoke } from '../../lambda/stores/invoke/index.ts';
import {
  type InvocationResult,
  type InvokeEndpoint,
  startInvokeEndpoint,
} from '../../local/functions/index.ts';

/** Through the AWS SDK, which is who speaks to the endpoint. */
let endpoint: InvokeEndpoint;
let received: unknown[];
let answer: InvocationResult;
beforeEach(async () => {
  received = [];
  answer = { kind: 'success', requestId: 'r', payload: { grüße: ['1', null] } };
  endpoint = await startInvokeEndpoint({
    find: (name) =>
      name === 'read-archive'
        ? async (event) => {
            received.push(event);
            return answer;
          }
        : undefined,
  });
});
afterEach(() => endpoint.close());

const invoke = (functionName: string, payload: string) =>
  createInvoke({ functionName, region: 'eu-west-1', endpoint: endpoint.url })(payload);

test.each([
  'read-archive',
  'arn:aws:lambda:eu-west-1:123456789012:function:read-archive',
  '123456789012:function:read-archive',
])('invokes a function by %s and gives its answer', async (name) => {
  expect(JSON.parse(await invoke(name, '{"read":{"ü":1}}'))).toEqual({ grüße: ['1', null] });
  expect(received).toEqual([{ read: { ü: 1 } }]);
});

test('a function that fails is told of as Lambda does', async () => {
  answer = {
    kind: 'failure',
    requestId: 'r',
    error: { errorType: 'Runtime.ExitError', errorMessage: 'signal: SIGKILL', trace: [] },
  };

  await expect(invoke('read-archive', '{}')).rejects.toMatchObject({
    code: 'store_unavailable',
    message: expect.stringMatching(/read-archive failed: .*signal: SIGKILL/),
  });
});

test('a function that may not be invoked by name is not found', async () => {
  await expect(invoke('schema', '{}')).rejects.toMatchObject({
    code: 'store_rejected',
    message: expect.stringMatching(/ResourceNotFoundException/),
  });
  expect(received).toEqual([]);
});

test('a request above the limit is not sent', async () => {
  await expect(invoke('read-archive', JSON.stringify('x'.repeat(6_291_456)))).rejects.toMatchObject({
    code: 'payload_too_large',
  });
  expect(received).toEqual([]);
});

test('an endpoint that is gone is told, and may be tried again', async () => {
  await endpoint.close();

  await expect(invoke('read-archive', '{}')).rejects.toMatchObject({
    code: 'store_unavailable',
    retryable: true,
  });
});

test.each([
  ['unsigned', {}, '/2015-03-31/functions/read-archive/invocations', '{}', 403],
  ['of another path', { authorization: 'AWS4-HMAC-SHA256 x' }, '/2015-03-31/functions', '{}', 404],
  [
    'too large',
    { authorization: 'AWS4-HMAC-SHA256 x' },
    '/2015-03-31/functions/read-archive/invocations',
    `"${'x'.repeat(6_291_456)}"`,
    413,
  ],
  [
    'no JSON',
    { authorization: 'AWS4-HMAC-SHA256 x' },
    '/2015-03-31/functions/read-archive/invocations',
    '{',
    400,
  ],
])('a request that is %s is refused', async (_, headers, path, body, status) => {
  const response = await fetch(`${endpoint.url}${path}`, { method: 'POST', headers, body });

  expect(response.status).toBe(status);
  expect(received).toEqual([]);
});
