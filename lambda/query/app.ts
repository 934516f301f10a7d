import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { errorCatalog, PolystoreError } from '../errors.ts';
import type { Caller } from '../stores/store.ts';
import type { QueryEngine } from './engine.ts';
import { limits } from './limits.ts';
import type { Log } from './log.ts';
import { parseRequest, type QueryRequest } from './request.ts';

export interface QueryAppOptions {
  readonly engine: QueryEngine;
  /** @throws PolystoreError `unauthenticated` or `forbidden`. */
  readonly authenticate: (headers: Headers) => Promise<Caller>;
  readonly log: Log;
  readonly newRequestId: () => string;
}

interface Environment {
  Variables: { requestId: string };
}

/** `POST /query`, `POST /explain` and `GET /health`: the same app in Lambda, locally and in tests. */
export function createQueryApp({
  engine,
  authenticate,
  log,
  newRequestId,
}: QueryAppOptions): Hono<Environment> {
  const app = new Hono<Environment>();
  app.use(async (context, next) => {
    const given = context.req.header('x-request-id') ?? '';
    // What a caller sends goes into our logs, so it has to be short and plain.
    const requestId = /^[\w.:-]{1,128}$/.test(given) ? given : newRequestId();
    context.set('requestId', requestId);
    context.header('x-request-id', requestId);
    await next();
  });
  app.get('/health', async (context) => {
    const stores = await engine.health();
    const healthy = Object.values(stores).every((state) => state === 'ok');
    return context.json({ healthy, stores }, healthy ? 200 : 503);
  });
  const limited = bodyLimit({
    maxSize: limits.bodyBytes,
    onError: () => {
      throw new PolystoreError(
        'payload_too_large',
        `The body is above ${limits.bodyBytes} bytes. Send fewer or smaller parameters.`,
      );
    },
  });
  const answer = (
    name: 'query' | 'explain',
    run: (request: QueryRequest, caller: Caller) => Promise<unknown>,
  ) =>
    app.post(`/${name}`, limited, async (context) => {
      const caller = await authenticate(context.req.raw.headers);
      const request = parseRequest(await context.req.text());
      // Written before it runs: what an operator asked is on record whatever comes of it.
      if (caller.kind === 'operator')
        log.info('an operator asks across tenants', {
          audit: true,
          requestId: context.get('requestId'),
          subject: caller.subject,
          endpoint: name,
          sql: request.sql,
        });
      const body = renderAnswer(await run(request, caller));
      log.info('answered', { requestId: context.get('requestId'), endpoint: name, subject: caller.subject });
      return context.body(body, 200, { 'content-type': 'application/json' });
    });
  answer('query', engine.query);
  answer('explain', engine.explain);
  app.notFound((context) =>
    context.json(
      renderError(
        new PolystoreError('invalid_request', 'There is POST /query, POST /explain and GET /health here.'),
        context.get('requestId'),
      ),
      404,
    ),
  );
  app.onError((error, context) => {
    const requestId = context.get('requestId');
    const code = error instanceof PolystoreError ? error.code : 'internal';
    const known = error instanceof PolystoreError ? error : new PolystoreError('internal', error.message);
    if (known.status >= 500)
      log.error('could not answer', {
        requestId,
        code,
        reason: error.message,
        stack: error.stack,
        ...(error.cause instanceof Error && { cause: error.cause.message }),
      });
    else log.info('refused', { requestId, code });
    context.header('x-request-id', requestId);
    // The catalogue of codes holds HTTP statuses with content only.
    return context.json(renderError(known, requestId), known.status as ContentfulStatusCode);
  });
  return app;
}

/**
 * An answer as JSON, which canonical values are by definition.
 * @throws PolystoreError `result_too_large`: Lambda would drop it, and the caller would learn nothing.
 */
function renderAnswer(answer: unknown): string {
  const body = JSON.stringify(answer);
  // Within the function's own answer the body is a text, and JSON escapes these two of a JSON text.
  const bytes = Buffer.byteLength(body) + (body.match(/["\\]/g)?.length ?? 0);
  if (bytes <= limits.answerBytes) return body;
  throw new PolystoreError(
    'result_too_large',
    `The answer has ${bytes} bytes; ${limits.answerBytes} are allowed. Ask for fewer rows or columns; if it was a write, it has been done.`,
  );
}

/** The body of an error. What is our own fault is told by code alone: its message may show internals. */
function renderError(error: PolystoreError, requestId: string) {
  const { code, retryable } = error;
  if (error.status === 500)
    return {
      error: {
        code,
        message: `${errorCatalog[code].summary} The log of request ${requestId} says more.`,
        details: {},
        retryable,
      },
    };
  return { error: { code, message: error.message, details: error.details, retryable } };
}
