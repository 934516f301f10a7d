import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Invoke, payloadLimits } from './invocation.ts';
import { readBody } from './request-body.ts';

export interface InvokeEndpointOptions {
  /** The function of a name; undefined where none may be invoked by it. */
  readonly find: (name: string) => Invoke | undefined;
}

export interface InvokeEndpoint {
  /** Without a slash at its end. */
  readonly url: string;
  /** Takes no new invocation and lets those that run be answered. Safe to call twice. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const path = /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/;

/**
 * Stands in for the part of Lambda's API that invokes a function and waits for its answer
 * (docs.aws.amazon.com/lambda/latest/api/API_Invoke.html), on loopback: what one function asks of another
 * goes through the AWS SDK here as there. Signatures are not checked, but must be there: so no page in a
 * browser can invoke anything.
 */
export function startInvokeEndpoint({ find }: InvokeEndpointOptions): Promise<InvokeEndpoint> {
  const server = createServer((incoming, outgoing) => {
    answer(incoming, find)
      .catch((error: unknown) => refusal(500, 'ServiceException', String(error)))
      .then((given) => send(outgoing, given))
      // The caller is gone.
      .catch(() => outgoing.destroy());
  });
  let closing: Promise<void> | undefined;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      // Listening on a TCP port, the address is one.
      const { port } = server.address() as AddressInfo;
      resolve({
        url: `http://127.0.0.1:${port}`,
        close: () => {
          closing ??= new Promise((closed) => {
            server.close(() => closed());
            server.closeIdleConnections();
          });
          return closing;
        },
      });
    });
  });
}

async function answer(incoming: IncomingMessage, find: InvokeEndpointOptions['find']): Promise<Answer> {
  const match = path.exec(incoming.url ?? '');
  if (incoming.method !== 'POST' || match?.[1] === undefined)
    return refusal(
      404,
      'UnknownOperationException',
      'Only POST …/functions/<name>/invocations is served here.',
    );
  if (!incoming.headers.authorization?.startsWith('AWS4-HMAC-SHA256 '))
    return refusal(403, 'MissingAuthenticationTokenException', 'The request is not signed.');
  if ((incoming.headers['x-amz-invocation-type'] ?? 'RequestResponse') !== 'RequestResponse')
    return refusal(400, 'InvalidParameterValueException', 'Only RequestResponse is served here.');
  const name = functionNameOf(decodeURIComponent(match[1]));
  const invoke = find(name);
  if (invoke === undefined) return refusal(404, 'ResourceNotFoundException', `Function not found: ${name}`);
  const payload = await readBody(incoming, payloadLimits.request);
  if (payload === 'too large')
    return refusal(
      413,
      'RequestTooLargeException',
      `Request must be smaller than ${payloadLimits.request} bytes for the InvokeFunction operation`,
    );
  let event: unknown;
  try {
    event = JSON.parse(payload.length === 0 ? '{}' : payload.toString('utf8'));
  } catch (error) {
    return refusal(
      400,
      'InvalidRequestContentException',
      `Could not parse request body into json: ${String(error)}`,
    );
  }
  const result = await invoke(event);
  const headers = { 'content-type': 'application/json', 'x-amz-executed-version': '$LATEST' };
  return result.kind === 'success'
    ? { status: 200, headers, body: JSON.stringify(result.payload) }
    : {
        status: 200,
        headers: { ...headers, 'x-amz-function-error': 'Unhandled' },
        body: JSON.stringify(result.error),
      };
}

/** Of a name, an ARN or part of one, with or without a version. */
function functionNameOf(text: string): string {
  const parts = text.split(':');
  const at = parts.indexOf('function');
  return (at === -1 ? parts[0] : parts[at + 1]) ?? '';
}

const refusal = (status: number, type: string, message: string): Answer => ({
  status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': type },
  body: JSON.stringify({ Type: status < 500 ? 'User' : 'Service', Message: message }),
});

function send(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  // What was not read stays in the connection.
  outgoing.writeHead(status, { ...headers, ...(status === 413 && { connection: 'close' }) });
  outgoing.end(body);
}
