import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly method: string;
  /** With the query string. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Of the body, those that are not empty. */
  readonly lines: readonly string[];
}

/** What a scripted OpenSearch says to one request. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface ScriptedServer {
  readonly url: string;
  /** Requests so far, but those for what is known of builds. */
  readonly requests: readonly ReceivedRequest[];
  close(): Promise<void>;
}

/** An HTTP server on loopback that answers as it is told, for what a real engine does not do when it is asked to. */
export async function startScriptedServer(
  answer: (lines: readonly string[], number: number) => Answer | Promise<Answer>,
): Promise<ScriptedServer> {
  const requests: ReceivedRequest[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const lines = body.split('\n').filter(Boolean);
    // No view has a second build.
    if (request.url?.startsWith('/_mget') && body.includes('.state"')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ docs: [] }));
      return;
    }
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const);
    requests.push({
      method: request.method ?? '',
      path: request.url ?? '',
      headers: Object.fromEntries(headers),
      body,
      lines,
    });
    const said = await answer(lines, requests.length);
    response.writeHead(said.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(said.body));
  };
  const server = createServer((request, response) => {
    // A script that fails cuts the connection, so that the test sees it.
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
