import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PolystoreError } from '../../lambda/errors.ts';
import type { FunctionSpec } from '../../lambda/model/index.ts';
import { type Invoke, pause, readBody } from '../functions/index.ts';
import { renderApiEvent, splitTarget } from './api-event.ts';
import { type ApiResponse, gatewayAnswers, renderApiResponse } from './api-response.ts';

export interface GatewayRoute {
  readonly method: string;
  readonly path: string;
  readonly invoke: Invoke;
}

export interface GatewayOptions {
  /** On 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  readonly routes: readonly GatewayRoute[];
  /** @default 30000, what an HTTP API waits and cannot be told otherwise */
  readonly integrationTimeoutMs?: number;
  /** Milliseconds since the epoch. @default the system's clock */
  readonly clock?: () => number;
  /** @default random ones in API Gateway's form */
  readonly createRequestId?: () => string;
}

export interface Gateway {
  readonly port: number;
  readonly url: string;
  /** Takes no new request and lets those that run be answered. Safe to call twice. */
  close(): Promise<void>;
}

/** HTTP APIs take bodies of up to 10 MB (docs.aws.amazon.com/apigateway/latest/developerguide/limits.html). */
const maxBodyBytes = 10 * 1024 * 1024;

/** The routes of the functions that HTTP triggers, each to its function. */
export function planRoutes(
  specs: readonly Pick<FunctionSpec, 'name' | 'trigger'>[],
  invokeOf: (name: FunctionSpec['name']) => Invoke,
): readonly GatewayRoute[] {
  return specs.flatMap(({ name, trigger }) =>
    trigger.kind === 'http' ? trigger.routes.map((route) => ({ ...route, invoke: invokeOf(name) })) : [],
  );
}

/**
 * Stands in for API Gateway's HTTP API on this machine: routes, events, limits, timeouts and error
 * answers are its. It throttles nobody and has no authorizer: the function checks the credential.
 *
 * @throws PolystoreError `port_taken`.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { clock = Date.now, integrationTimeoutMs = 30_000 } = options;
  const createRequestId = options.createRequestId ?? (() => randomBytes(11).toString('base64'));
  const routes = new Map(options.routes.map((route) => [`${route.method} ${route.path}`, route]));

  const answer = async (incoming: IncomingMessage, requestId: string): Promise<ApiResponse> => {
    const { method = 'GET', url: target = '/' } = incoming;
    const routeKey = `${method} ${splitTarget(target).path}`;
    const route = routes.get(routeKey);
    if (route === undefined) return gatewayAnswers.notFound;
    const body = await readBody(incoming, maxBodyBytes);
    if (body === 'too large') return gatewayAnswers.tooLarge;
    const event = renderApiEvent({
      request: {
        method,
        target,
        httpVersion: incoming.httpVersion,
        headers: incoming.headers,
        body,
        sourceIp: incoming.socket.remoteAddress ?? '127.0.0.1',
      },
      routeKey,
      requestId,
      receivedAt: clock(),
    });
    const given = new AbortController();
    const result = await Promise.race([
      route.invoke(event),
      pause(integrationTimeoutMs, given.signal).then(() => 'timed out' as const),
    ]);
    given.abort();
    return result === 'timed out' ? gatewayAnswers.timedOut : renderApiResponse(result);
  };

  let closing: Promise<void> | undefined;
  const server = createServer((incoming, outgoing) => {
    const requestId = createRequestId();
    answer(incoming, requestId)
      // A client that goes away in the middle of its body; there is nobody left to tell.
      .catch(() => gatewayAnswers.failed)
      .then((response) => send(outgoing, response, requestId, closing !== undefined || !incoming.complete))
      // A header that HTTP cannot carry is found when it is written.
      .catch(() => send(outgoing, gatewayAnswers.failed, requestId, true));
  });
  const port = await listen(server, options.port);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: () => {
      closing ??= new Promise((resolve) => {
        server.close(() => resolve());
      });
      return closing;
    },
  };
}

function send(outgoing: ServerResponse, response: ApiResponse, requestId: string, last: boolean): void {
  outgoing.writeHead(response.status, {
    ...response.headers,
    ...(response.cookies.length > 0 && { 'set-cookie': [...response.cookies] }),
    ...(last && { connection: 'close' }),
    'apigw-requestid': requestId,
  });
  outgoing.end(response.body);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === 'EADDRINUSE'
          ? `Port ${port} of 127.0.0.1, which the API needs, is in use. Stop what uses it, or choose another port.`
          : `The API cannot listen on port ${port} of 127.0.0.1: ${cause.message}.`;
      reject(new PolystoreError('port_taken', reason, { cause, details: { port } }));
    });
    server.listen(port, '127.0.0.1', () => {
      // Listening on a TCP port, the address is one.
      resolve((server.address() as AddressInfo).port);
    });
  });
}
