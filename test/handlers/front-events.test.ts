import { describe, expect, test } from '@jest/globals';
import { Hono } from 'hono';
import { handle, streamHandle } from 'hono/aws-lambda';
import { stream as streamBody } from 'hono/streaming';
import { PolystoreError } from '../../lambda/errors.ts';
import { createQueryApp } from '../../lambda/query/app.ts';
import { createCallerCheck, parsePrincipals } from '../../lambda/query/principals.ts';
import { createHarness, flight } from '../query/harness.ts';
import { httpApiEvent, restApiEvent } from './front-events.ts';
import { collect, installStreamingRuntime, invokeStreaming, parseStreamed } from './lambda-streaming.ts';

installStreamingRuntime();

const body = JSON.stringify({ sql: 'select origin from flight where flight_number = 1545' });
const session = 'arn:aws:sts::000000000000:assumed-role/orders/s';

async function createApp() {
  const harness = createHarness([]);
  await harness.seed(flight());
  return createQueryApp({
    engine: harness.engine,
    authenticate: createCallerCheck({
      byCredential: async (headers) => {
        if (headers.get('authorization') !== 'Bearer good')
          throw new PolystoreError('unauthenticated', 'The request has no good credential.');
        return { kind: 'tenant', tenant: 'UA', subject: 'by-jwt' };
      },
      principals: parsePrincipals(
        JSON.stringify({ 'arn:aws:iam::000000000000:role/orders': { tenant: 'UA' } }),
      ),
    }),
    log: { info: () => {}, warn: () => {}, error: () => {} },
    newRequestId: () => 'made-here',
  });
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A buffered answer of the function. */
interface Result {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
}

const invoke = async (event: unknown): Promise<Result> =>
  // hono's types of events ask for more than AWS sends.
  (await handle(await createApp())(event as never, undefined as never)) as unknown as Result;

function parseResult({ statusCode, headers, multiValueHeaders = {}, body: text }: Result): Answer {
  const first = Object.entries(multiValueHeaders).map(([name, values]) => [name, values[0]]);
  return { status: statusCode, body: JSON.parse(text), headers: headers ?? Object.fromEntries(first) };
}

/** Each way a front has to the function, and back. */
const ways: Readonly<Record<string, (request: Parameters<typeof restApiEvent>[0]) => Promise<Answer>>> = {
  'an HTTP API': async (request) => parseResult(await invoke(httpApiEvent(request))),
  'a REST API': async (request) => parseResult(await invoke(restApiEvent(request))),
  'a REST API that streams': async (request) => {
    const app = await createApp();
    const { chunks, ended } = invokeStreaming(streamHandle(app), restApiEvent(request));
    const bytes = await collect(chunks);
    await ended;
    const { metadata, body: text } = parseStreamed(bytes);
    const { statusCode, headers } = metadata as { statusCode: number; headers: Record<string, unknown> };
    return { status: statusCode, body: JSON.parse(text), headers };
  },
};

describe.each(Object.entries(ways))('behind %s', (_, send) => {
  test('a query with a JWT is answered', async () => {
    const { status, body: answer, headers } = await send({ path: '/query', body, bearer: 'good' });

    expect([status, answer]).toEqual([200, expect.objectContaining({ rows: [{ origin: 'EWR' }] })]);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-request-id': 'made-here' });
  });

  test('a query without a credential is refused', async () => {
    expect(await send({ path: '/query', body })).toMatchObject({
      status: 401,
      body: { error: { code: 'unauthenticated' } },
    });
  });

  test('a signature of IAM in the headers alone is no credential', async () => {
    const event = { path: '/iam/query', body };

    expect(await send({ ...event, bearer: 'AWS4-HMAC-SHA256' })).toMatchObject({ status: 401 });
  });
});

describe.each(['a REST API', 'a REST API that streams'])('behind %s', (name) => {
  const send = (userArn: string) => ways[name]?.({ path: '/iam/query', body, userArn });

  test('a caller by IAM gets the rows of the tenant that its role is', async () => {
    expect(await send(session)).toMatchObject({ status: 200, body: { rows: [{ origin: 'EWR' }] } });
  });

  test('a caller by IAM without a tenant is refused', async () => {
    expect(await send('arn:aws:sts::000000000000:assumed-role/others/s')).toMatchObject({
      status: 403,
      body: { error: { code: 'forbidden' } },
    });
  });
});

test('an HTTP API cannot be made to say that it verified a signature', async () => {
  const send = ways['an HTTP API'];

  expect(await send?.({ path: '/iam/query', body, userArn: session })).toMatchObject({ status: 401 });
});

test('an answer in lines goes through a front that streams, and whole through one that does not', async () => {
  const app = await createApp();
  const asked = { path: '/query', body, bearer: 'good' };
  const event = restApiEvent(asked);
  const accepting = { ...event, headers: { ...event.headers, accept: 'application/x-ndjson' } };
  const lines = [expect.objectContaining({ columns: [{ name: 'origin', type: 'text' }] }), ['EWR']];
  const parse = (text: string): unknown =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  const { chunks, ended } = invokeStreaming(streamHandle(app), {
    ...accepting,
    multiValueHeaders: undefined,
  });
  const streamed = parseStreamed(await collect(chunks));
  await ended;
  const whole = await invoke({ ...accepting, multiValueHeaders: undefined });

  expect(streamed.metadata).toMatchObject({ headers: { 'content-type': 'application/x-ndjson' } });
  expect(parse(streamed.body)).toEqual([...lines, { rowCount: 1, token: null }]);
  // What is no text to the front is in base64.
  expect(whole).toMatchObject({ isBase64Encoded: true });
  expect(parse(Buffer.from(whole.body, 'base64').toString())).toEqual([
    ...lines,
    { rowCount: 1, token: null },
  ]);
});

test('a chunk arrives while the rest of the answer is not made yet', async () => {
  const rest = Promise.withResolvers<void>();
  const app = new Hono().post('/query', (context) =>
    streamBody(context, async (out) => {
      await out.write('{"row":1}\n');
      await rest.promise;
      await out.write('{"row":2}\n');
    }),
  );
  const { chunks, ended } = invokeStreaming(streamHandle(app), restApiEvent({ path: '/query', body }));

  let received = Buffer.alloc(0);
  while (!received.includes('{"row":1}\n')) {
    const { value, done } = await chunks.next();
    if (done === true) break;
    received = Buffer.concat([received, value]);
  }

  // Would the front have to wait for the end, this line were never reached: the end waits for it.
  expect(parseStreamed(received)).toMatchObject({ metadata: { statusCode: 200 }, body: '{"row":1}\n' });
  rest.resolve();
  await ended;
  expect((await collect(chunks)).toString()).toBe('{"row":2}\n');
});
