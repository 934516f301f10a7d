import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';

export interface ServeOptions {
  readonly app: { fetch(request: Request, env?: unknown): Response | Promise<Response> };
  /** 0 takes a free one. */
  readonly port: number;
  /** @default every address of the machine: a container's are its own */
  readonly hostname?: string;
  /** How long requests are still taken once it is told to end: a load balancer learns of it meanwhile. */
  readonly lingerMs: number;
  /** How long what runs then may take: longer than the longest request. */
  readonly graceMs: number;
  readonly wait: (ms: number) => Promise<unknown>;
}

export interface Served {
  readonly port: number;
  /** Takes what still comes, answers what runs, and ends. Safe to call twice. */
  drain(): Promise<void>;
}

/**
 * A load balancer keeps idle connections for 60 s (docs.aws.amazon.com/elasticloadbalancing, Connection idle
 * timeout): were ours closed first, it would now and then send a request into a closing one and answer 502.
 */
const keepAliveMs = 75_000;

/**
 * Serves an app by Node's own HTTP, and `GET /ready` beside it: 200 while new requests are welcome, 503 once it is to
 * end. It says nothing of stores, as `/health` does: a router whose search is down still answers the rest, and to
 * replace all of them would help nobody.
 *
 * Told to end it goes on for `lingerMs`, telling with each answer that the connection ends; then it takes no new
 * connection, and waits for what runs. So no request is lost that was sent before its sender could know.
 */
export async function serve(options: ServeOptions): Promise<Served> {
  const { app, port, hostname, lingerMs, graceMs, wait } = options;
  let draining: Promise<void> | undefined;
  const server = createAdaptorServer({
    fetch: (request, env) =>
      new URL(request.url).pathname === '/ready'
        ? new Response(null, { status: draining === undefined ? 200 : 503 })
        : app.fetch(request, env),
    // It was asked for HTTP/1 without TLS, which ends at the load balancer.
  }) as Server;
  server.keepAliveTimeout = keepAliveMs;
  server.headersTimeout = keepAliveMs + 5_000;
  server.prependListener('request', (_, response: ServerResponse) => {
    if (draining !== undefined) response.shouldKeepAlive = false;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, hostname, resolve);
  });

  const drain = async (): Promise<void> => {
    await wait(lingerMs);
    // Closes connections that are idle, and those that are not when they are.
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await Promise.race([closed, wait(graceMs)]);
    server.closeAllConnections();
    await closed;
  };
  return {
    // Listening on a TCP port, the address is one.
    port: (server.address() as AddressInfo).port,
    drain: () => {
      draining ??= drain();
      return draining;
    },
  };
}
