import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import * as z from 'zod/mini';
import type { Row } from '../change/change.ts';
import { encodeEvent } from '../change/encode.ts';
import { createVersion, type Version } from '../change/version.ts';
import { PolystoreError } from '../errors.ts';
import { type Catalog, iamPath } from '../model/index.ts';
import type { Appended, ChangeLog } from '../stores/kafka/index.ts';
import type { Caller, Clock } from '../stores/store.ts';
import type { BackPressure } from './back-pressure.ts';
import { type AcceptedEvents, eventLimits, parseEvents } from './events.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Where an accepted event lies, as a token says it. */
export interface EventPosition {
  readonly entity: string;
  /** The key columns, and those that never change: a view may be located by them. */
  readonly key: Row;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly version: Version;
}

export interface IngestOptions {
  readonly catalog: Catalog;
  readonly changeLog: ChangeLog;
  /**
   * Says who asks, by the headers, or by what the front says beside the request (`env` of hono's context).
   * @throws PolystoreError `unauthenticated` or `forbidden`.
   */
  readonly authenticate: (headers: Headers, env?: unknown) => Promise<Caller>;
  /** Signs what a later read must see. */
  readonly issueToken: (events: readonly EventPosition[], caller: Caller) => Promise<string>;
  /** Of this function's configuration, 0 to 127. */
  readonly generation: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** How much may wait for the log in this process. */
  readonly backPressure: BackPressure;
}

const requestShape = z.strictObject({
  entity: z.string(),
  events: z.array(z.record(z.string(), z.unknown())).check(z.minLength(1)),
});

/**
 * `POST /events {entity, events}` → `{accepted, token}`: a batch of events into the change log, all or
 * none of it checked before any is written, and answered only when the log has all of them. When the log
 * is slow or away, 429 or 503 with Retry-After.
 */
export function createIngestApp(options: IngestOptions): Hono {
  const app = new Hono();
  app.on(
    'POST',
    ['/events', `${iamPath}/events`],
    bodyLimit({
      maxSize: eventLimits.bodyBytes,
      onError: () => {
        throw new PolystoreError(
          'payload_too_large',
          `The body is above ${eventLimits.bodyBytes} bytes. Send the events in parts.`,
        );
      },
    }),
    async (context) => {
      const caller = await options.authenticate(context.req.raw.headers, context.env);
      const text = await context.req.text();
      const accepted = parseEvents(options.catalog, caller, parseBody(text));
      const positions = await options.backPressure.run(Buffer.byteLength(text), () =>
        append(accepted, options),
      );
      const token = await options.issueToken(positions, caller);
      options.log.info('took events', {
        entity: accepted.entity.name,
        accepted: accepted.received,
        written: accepted.rows.length,
      });
      return context.json({ accepted: accepted.received, token });
    },
  );
  app.notFound((context) =>
    context.json(
      renderError(new PolystoreError('invalid_request', 'Only POST /events is answered here.')),
      404,
    ),
  );
  app.onError((error, context) => {
    const known =
      error instanceof PolystoreError
        ? error
        : new PolystoreError('internal', 'A defect in Polystore. The log of this request has more.');
    if (known.status >= 500)
      options.log.error('could not take events', {
        code: known.code,
        reason: error.message,
        stack: error.stack,
      });
    else options.log.info('refused events', { code: known.code });
    if (known.status === 429) options.metrics.add({ store: 'kafka' }, { Rejected429: 1 });
    // Who comes back too early finds the same.
    if (known.code === 'overloaded' || known.code === 'store_unavailable')
      context.header('retry-after', String(options.backPressure.retryAfterSeconds()));
    // The catalogue of codes holds HTTP statuses with content only.
    return context.json(renderError(known), known.status as ContentfulStatusCode);
  });
  return app;
}

function parseBody(text: string): z.infer<typeof requestShape> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new PolystoreError(
      'invalid_request',
      'The body is no JSON. It takes {"entity": …, "events": […]}.',
      {
        cause: error,
      },
    );
  }
  const parsed = z.safeParse(requestShape, body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(describeIssue);
  throw new PolystoreError(
    'invalid_request',
    `The body takes {"entity": name, "events": [event, …]} with at least one event: ${problems.slice(0, 10).join('; ')}.`,
    { details: { problems } },
  );
}

/** `zod/mini` brings no texts of its own. */
function describeIssue(issue: z.core.$ZodIssue): string {
  const where = issue.path.join('.') || 'the body';
  switch (issue.code) {
    case 'unrecognized_keys':
      return `${where} has no member ${issue.keys.join(', ')}`;
    case 'invalid_type':
      return `${where} takes ${issue.expected === 'record' ? 'an object' : `${issue.expected}`}`;
    case 'too_small':
      return `${where} is empty`;
    default:
      return `${where} is invalid`;
  }
}

async function append(
  { entity, rows }: AcceptedEvents,
  { changeLog, generation, clock }: IngestOptions,
): Promise<readonly EventPosition[]> {
  const context = { generation, nowMs: clock() };
  const appended = await changeLog.append(rows.map((row) => encodeEvent(entity, row, context)));
  return rows.map((row, index) => {
    const { topic, partition, offset } = positionAt(appended, index);
    const located = entity.columns.filter((column) => column.immutable);
    return {
      entity: entity.name,
      key: Object.fromEntries(located.map((column) => [column.name, row[column.name] ?? null])),
      topic,
      partition,
      offset,
      version: createVersion(generation, offset),
    };
  });
}

function positionAt({ positions, error }: Appended, index: number) {
  const position = positions[index];
  if (error === undefined && position !== undefined) return position;
  throw new PolystoreError(
    error?.code ?? 'store_unavailable',
    `The change log has not acknowledged all events: ${error?.message ?? 'no reason was given.'} Send the whole batch again; events that it already has change nothing.`,
    {
      cause: error,
      told: `The change log has not acknowledged all events: ${error?.told.message ?? 'no reason was given.'} Send the whole batch again; events that it already has change nothing.`,
    },
  );
}

const renderError = ({ code, retryable, told }: PolystoreError) => ({
  error: { code, message: told.message, details: told.details, retryable },
});
