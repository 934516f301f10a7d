import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { errorCatalog, messageOf, PolystoreError } from '../errors.ts';
import { iamPath } from '../model/index.ts';
import type { Caller } from '../stores/store.ts';
import { answerLines, linesType, wantsLines } from './answer-lines.ts';
import type { QueryEngine } from './engine.ts';
import { limits } from './limits.ts';
import type { Log } from './log.ts';
import type { Authenticate } from './principals.ts';
import { parseRequest, type QueryRequest, refuseLongAnswer, type TransactionRequest } from './request.ts';

export interface QueryAppOptions {
  readonly engine: QueryEngine;
  readonly authenticate: Authenticate;
  readonly log: Log;
  readonly newRequestId: () => string;
  /**
   * Whether its front sends answers as they are made.
   * @default false: an answer in lines is held to what a function may answer whole
   */
  readonly streams?: boolean;
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
  streams = false,
}: QueryAppOptions): Hono<Environment> {
  /** What goes wrong, as ours, and into the log. */
  const report = (error: unknown, requestId: string): PolystoreError => {
    const known =
      error instanceof PolystoreError
        ? error
        : new PolystoreError('internal', messageOf(error), { cause: error });
    const { code } = known;
    const cause = error instanceof Error ? error.cause : undefined;
    if (known.status < 500) log.info('refused', { requestId, code });
    else
      log.error('could not answer', {
        requestId,
        code,
        reason: known.message,
        stack: error instanceof Error ? error.stack : undefined,
        ...(cause instanceof Error && { cause: cause.message }),
      });
    return known;
  };
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
    runAll: (request: TransactionRequest, caller: Caller) => Promise<unknown>,
  ) =>
    app.on('POST', [`/${name}`, `${iamPath}/${name}`], limited, async (context) => {
      const caller = await authenticate(context.req.raw.headers, context.env);
      const request = parseRequest(await context.req.text());
      if (name === 'query' && 'analyze' in request)
        throw new PolystoreError(
          'invalid_request',
          'analyze is of POST /explain, which then runs the statement too. Leave it out here.',
        );
      const requestId = context.get('requestId');
      // Written before it runs: what an operator asked is on record whatever comes of it.
      if (caller.kind === 'operator')
        log.info('an operator asks across tenants', {
          audit: true,
          requestId,
          subject: caller.subject,
          endpoint: name,
          sql: 'statements' in request ? request.statements.map(({ sql }) => sql) : request.sql,
        });
      if (name === 'query' && wantsLines(context.req.header('accept'))) {
        const lines = await answerLines((sink) => engine.stream(single(request), caller, sink), {
          signal: context.req.raw.signal,
          maxBytes: streams ? limits.streamedBytes : limits.encodedBytes,
          renderError: (error) => renderError(report(error, requestId), requestId).error,
          ended: (how) =>
            log.info('answered', { requestId, endpoint: name, subject: caller.subject, lines: how }),
        });
        return context.body(lines, 200, { 'content-type': linesType });
      }
      refuseLongAnswer(request, linesType);
      const body = renderAnswer(
        await ('statements' in request ? runAll(request, caller) : run(request, caller)),
      );
      log.info('answered', { requestId, endpoint: name, subject: caller.subject });
      return context.body(body, 200, { 'content-type': 'application/json' });
    });
  answer('query', engine.query, engine.transact);
  answer('explain', engine.explain, engine.explainTransaction);
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
    const known = report(error, requestId);
    context.header('x-request-id', requestId);
    // The catalogue of codes holds HTTP statuses with content only.
    return context.json(renderError(known, requestId), known.status as ContentfulStatusCode);
  });
  return app;
}

/** @throws PolystoreError `not_supported`: a transaction is answered when all of it is done. */
function single(request: QueryRequest | TransactionRequest): QueryRequest {
  if (!('statements' in request)) return request;
  throw new PolystoreError(
    'not_supported',
    `Several statements are answered together, so not in lines. Accept application/json in place of ${linesType}.`,
  );
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
  const { code, retryable, told } = error;
  if (error.status === 500)
    return {
      error: {
        code,
        message: `${errorCatalog[code].summary} The log of request ${requestId} says more.`,
        details: {},
        retryable,
      },
    };
  return { error: { code, message: told.message, details: told.details, retryable } };
}
