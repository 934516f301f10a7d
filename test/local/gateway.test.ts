import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { compile, functionsOf } from '../../lambda/model/index.ts';
import type { InvocationResult, Invoke } from '../../local/functions/index.ts';
import { type Gateway, type GatewayOptions, planRoutes, startGateway } from '../../local/gateway/index.ts';
import model from '../../model/flights.ts';

const success = (payload: unknown): InvocationResult => ({ kind: 'success', requestId: 'r', payload });
const failure = (errorType: string): InvocationResult => ({
  kind: 'failure',
  requestId: 'r',
  error: { errorType, errorMessage: 'secret detail', trace: [] },
});

describe('the gateway', () => {
  const open: Gateway[] = [];
  const start = async (invoke: Invoke, more: Partial<GatewayOptions> = {}): Promise<Gateway> => {
    const gateway = await startGateway({
      port: 0,
      routes: [
        { method: 'POST', path: '/query', invoke },
        { method: 'GET', path: '/health', invoke },
      ],
      ...more,
    });
    open.push(gateway);
    return gateway;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((gateway) => gateway.close()));
  });

  test('gives a function the event of payload format 2.0', async () => {
    let event: APIGatewayProxyEventV2 | undefined;
    const gateway = await start(
      async (received) => {
        event = received as APIGatewayProxyEventV2;
        return success(null);
      },
      { clock: () => Date.UTC(2013, 0, 2, 3, 4, 5), createRequestId: () => 'id=' },
    );

    await fetch(`${gateway.url}/query?a=1&b=x%20y&a=2`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Authorization: 'Bearer t',
        Cookie: 'c=1; d=2',
        'User-Agent': 'jest',
      },
      body: '{"sql":"ünï"}',
    });

    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'POST /query',
      rawPath: '/query',
      rawQueryString: 'a=1&b=x%20y&a=2',
      cookies: ['c=1', 'd=2'],
      headers: {
        authorization: 'Bearer t',
        'content-type': 'application/json',
        'x-forwarded-for': '127.0.0.1',
      },
      queryStringParameters: { a: '1,2', b: 'x y' },
      requestContext: {
        domainName: `127.0.0.1:${gateway.port}`,
        http: {
          method: 'POST',
          path: '/query',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'jest',
        },
        requestId: 'id=',
        routeKey: 'POST /query',
        stage: '$default',
        time: '02/Jan/2013:03:04:05 +0000',
        timeEpoch: Date.UTC(2013, 0, 2, 3, 4, 5),
      },
      body: '{"sql":"ünï"}',
      isBase64Encoded: false,
    });
    expect(event?.headers).not.toHaveProperty('cookie');
  });

  test('gives a body that is no text in base64', async () => {
    const gateway = await start(async (event) => success(event));

    const response = await fetch(`${gateway.url}/query`, { method: 'POST', body: new Uint8Array([0, 255]) });

    expect(await response.json()).toMatchObject({ body: 'AP8=', isBase64Encoded: true });
  });

  test('answers with the status, headers, cookies and body of the function, and the request’s id', async () => {
    const gateway = await start(
      async () =>
        success({
          statusCode: 201,
          headers: { 'Content-Type': 'text/csv', 'X-Rows': 2 },
          cookies: ['a=1', 'b=2'],
          body: 'x,y',
        }),
      { createRequestId: () => 'id=' },
    );

    const response = await fetch(`${gateway.url}/health`);

    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('text/csv');
    expect(response.headers.get('x-rows')).toBe('2');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(response.headers.get('apigw-requestid')).toBe('id=');
    expect(await response.text()).toBe('x,y');
  });

  test('decodes a body in base64', async () => {
    const gateway = await start(async () =>
      success({ statusCode: 200, body: 'AP8=', isBase64Encoded: true }),
    );

    const response = await fetch(`${gateway.url}/health`);

    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255]);
  });

  test('takes an answer without a status as the JSON of a 200', async () => {
    const gateway = await start(async () => success({ rows: [] }));

    const response = await fetch(`${gateway.url}/health`);

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ rows: [] });
  });

  test.each([
    ['GET', '/query'],
    ['POST', '/other'],
    ['POST', '/query/more'],
  ])('knows no route %s %s', async (method, path) => {
    const gateway = await start(async () => success('called'));

    const response = await fetch(`${gateway.url}${path}`, { method });

    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ message: 'Not Found' });
  });

  test.each([
    [failure('RangeError')],
    [success({ statusCode: 'no' })],
    [success({ statusCode: 200, body: { not: 'text' } })],
    [success({ statusCode: 200, headers: 'none' })],
    [success({ statusCode: 200, headers: { 'x-bad': 'line\nbreak' } })],
  ])('hides what a failing function says: %j', async (result) => {
    const gateway = await start(async () => result);

    const response = await fetch(`${gateway.url}/health`);

    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ message: 'Internal Server Error' });
  });

  test('answers 503 when the function takes longer than an integration may', async () => {
    const gateway = await start(() => new Promise(() => undefined), { integrationTimeoutMs: 20 });

    const response = await fetch(`${gateway.url}/health`);

    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ message: 'Service Unavailable' });
  });

  test('refuses a body above 10 MB without calling the function', async () => {
    let called = false;
    const gateway = await start(async () => {
      called = true;
      return success(null);
    });

    const declared = await post(gateway, { 'content-length': '10485761' }, []);
    const streamed = await post(
      gateway,
      {},
      Array.from({ length: 11 }, () => Buffer.alloc(1024 * 1024)),
    );

    expect([declared, streamed]).toEqual([413, 413]);
    expect(called).toBe(false);
  });

  test('refuses a body above what a function may be sent', async () => {
    const gateway = await start(async () => failure('RequestTooLargeException'));

    const response = await fetch(`${gateway.url}/health`);

    expect(response.status).toBe(413);
  });

  test('lets what runs be answered when it is closed, and then takes no request', async () => {
    const entered = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const gateway = await start(async () => {
      entered.resolve();
      await leave.promise;
      return success('done');
    });
    const response = fetch(`${gateway.url}/health`);
    await entered.promise;

    const closed = gateway.close();
    leave.resolve();

    expect(await (await response).text()).toBe('done');
    await closed;
    await expect(fetch(`${gateway.url}/health`)).rejects.toThrow();
  });

  test('names the port that is taken', async () => {
    const gateway = await start(async () => success(null));

    await expect(start(async () => success(null), { port: gateway.port })).rejects.toMatchObject({
      code: 'port_taken',
      message: expect.stringContaining(String(gateway.port)),
    });
  });

  test('routes to each function what its spec declares', () => {
    const asked: string[] = [];

    const routes = planRoutes(functionsOf(compile(model)), (name) => {
      asked.push(name);
      return async () => success(null);
    });

    expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /query',
      'POST /explain',
      'GET /health',
      'POST /events',
    ]);
    expect(asked).toEqual(['query', 'query', 'query', 'ingest']);
  });
});

/** The status of a request whose body is sent in parts, while the other side may stop reading. */
function post(gateway: Gateway, headers: Record<string, string>, parts: readonly Buffer[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(`${gateway.url}/query`, { method: 'POST', headers }, (response) => {
      resolve(response.statusCode ?? 0);
      outgoing.destroy();
    });
    outgoing.on('error', reject);
    if (parts.length === 0) outgoing.flushHeaders();
    for (const part of parts) outgoing.write(part);
    if (parts.length > 0) outgoing.end();
  });
}
