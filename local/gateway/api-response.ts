import type { InvocationResult } from '../functions/index.ts';

/** What goes back over HTTP. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
}

/** The gateway's own answers have a message and nothing else. */
function renderMessage(status: number, message: string): ApiResponse {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    cookies: [],
    body: Buffer.from(JSON.stringify({ message })),
  };
}

export const gatewayAnswers = {
  notFound: renderMessage(404, 'Not Found'),
  tooLarge: renderMessage(413, 'Request Entity Too Large'),
  /** The function failed, or answered what is no response. */
  failed: renderMessage(500, 'Internal Server Error'),
  /** An HTTP API waits 30 s for an integration, whatever the function's own timeout. */
  timedOut: renderMessage(503, 'Service Unavailable'),
} as const;

/** Node sets these itself, from the body it is given. */
const connectionHeaders = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding']);

/**
 * A function's answer as a response, by format 2.0: without a `statusCode` the whole payload is the
 * JSON body of a 200.
 */
export function renderApiResponse(result: InvocationResult): ApiResponse {
  if (result.kind === 'failure') {
    return result.error.errorType === 'RequestTooLargeException'
      ? gatewayAnswers.tooLarge
      : gatewayAnswers.failed;
  }
  const { payload } = result;
  if (!isRecord(payload) || !('statusCode' in payload)) {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      cookies: [],
      body: Buffer.from(text),
    };
  }
  const status = Number(payload.statusCode);
  const { headers = {}, body = '', cookies = [] } = payload;
  if (!Number.isInteger(status) || status < 200 || status > 599) return gatewayAnswers.failed;
  if (typeof body !== 'string' || !isRecord(headers) || !isTextList(cookies)) return gatewayAnswers.failed;

  const sent: Record<string, string> = { 'content-type': 'text/plain;charset=utf-8' };
  for (const [name, value] of Object.entries(headers)) {
    if (!connectionHeaders.has(name.toLowerCase())) sent[name.toLowerCase()] = String(value);
  }
  const encoded = payload.isBase64Encoded === true;
  return { status, headers: sent, cookies, body: Buffer.from(body, encoded ? 'base64' : 'utf8') };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
