import { describe, expect, test } from '@jest/globals';
import { decodeRecord } from '../../lambda/change/decode.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import { compile, entityOf } from '../../lambda/model/index.ts';
import type { Caller } from '../../lambda/stores/store.ts';
import { createBackPressure } from '../../lambda/sync/back-pressure.ts';
import { parseEvents } from '../../lambda/sync/events.ts';
import { createIngestApp, type EventPosition } from '../../lambda/sync/ingest.ts';
import flights from '../../model/flights.ts';
import { bankCatalog } from '../query/bank-model.ts';
import { createFakeLines, createFakeLog, createFakeMetrics } from './fakes.ts';

const catalog = compile(flights);
const tenant: Caller = { kind: 'tenant', tenant: 'UA', subject: 'someone' };
const operator: Caller = { kind: 'operator', subject: 'someone' };
const event = (changes: Readonly<Record<string, unknown>> = {}) => ({
  carrier: 'UA',
  flight_number: 1545,
  event_id: 'e1',
  at: '2013-01-01T10:15:00Z',
  kind: 'departed',
  scheduled_at: '2013-01-01T10:15:00Z',
  origin: 'EWR',
  destination: 'IAH',
  details: { delay: 2 },
  ...changes,
});

async function post(body: unknown, caller: Caller = tenant, refuses?: Parameters<typeof createFakeLog>[0]) {
  const fake = createFakeLog(refuses);
  const issued: EventPosition[] = [];
  const app = createIngestApp({
    catalog,
    changeLog: fake.changeLog,
    authenticate: async (headers) => {
      if (headers.get('authorization') === null) throw new PolystoreError('unauthenticated', 'no credential');
      return caller;
    },
    issueToken: async (events) => {
      issued.push(...events);
      return 'a token';
    },
    generation: 2,
    clock: () => 1_700_000_000_000,
    log: createFakeLines(),
    metrics: createFakeMetrics(),
    backPressure: createBackPressure({ clock: () => 0 }),
  });
  const response = await app.request('/events', {
    method: 'POST',
    headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const answer = (await response.json()) as {
    readonly accepted?: number;
    readonly token?: string;
    readonly error?: {
      readonly code: string;
      readonly message: string;
      readonly details: { problems?: string[] };
    };
  };
  return { app, status: response.status, answer, issued, records: fake.records };
}
const batch = (...events: readonly unknown[]) => ({ entity: 'flight_event', events });

describe('POST /events', () => {
  test('puts events on the log and answers with a token of where they are', async () => {
    const { status, answer, issued, records } = await post(batch(event(), event({ event_id: 'e2' })));

    expect({ status, answer }).toEqual({ status: 200, answer: { accepted: 2, token: 'a token' } });
    expect(issued).toMatchObject([
      { entity: 'flight_event', key: { carrier: 'UA', flight_number: 1545, event_id: 'e1' } },
      { entity: 'flight_event', key: { event_id: 'e2' } },
    ]);
    const entity = entityOf(catalog, 'flight_event');
    expect(records.map((record) => decodeRecord(entity, record))).toMatchObject(
      issued.map(({ version }) => ({
        kind: 'change',
        change: { version, row: { at: '2013-01-01T10:15:00.000000Z', details: { delay: 2 } } },
      })),
    );
  });

  test('tells every problem of every event by its index, and writes none', async () => {
    const { status, answer, records } = await post(
      batch(event({ kind: 'lost' }), event(), event({ at: 'noon', extra: 1 })),
    );

    expect(status).toBe(400);
    expect(answer.error?.code).toBe('invalid_value');
    expect(answer.error?.details.problems).toEqual([
      expect.stringMatching(/^events\[0\]: kind got 'lost'/),
      expect.stringMatching(/^events\[2\]: at got 'noon'.*'extra' is no column/),
    ]);
    expect(records).toEqual([]);
  });

  test('says how many problems there are beyond those it spells out, and gives all of them', async () => {
    const events = Array.from({ length: 25 }, (_, index) => event({ event_id: `${index}`, kind: 'lost' }));

    const { answer } = await post(batch(...events));

    expect(answer.error?.message).toMatch(
      /^25 of 25 events.*events\[9\].*and 15 more in details\.problems$/s,
    );
    expect(answer.error?.details.problems).toHaveLength(25);
  });

  test('refuses another tenant’s event, and with it the batch', async () => {
    const { status, answer, records } = await post(batch(event(), event({ carrier: 'AA' })));

    expect({ status, code: answer.error?.code }).toEqual({ status: 403, code: 'forbidden' });
    expect(answer.error?.message).toMatch(/events\[1\]/);
    expect(records).toEqual([]);
  });

  test('lets an operator write any tenant’s', async () => {
    expect((await post(batch(event(), event({ carrier: 'AA' })), operator)).status).toBe(200);
  });

  test('writes an event once that was sent twice, and answers for both', async () => {
    const same = event({ at: '2013-01-01T12:15:00+02:00' });

    const { answer, records } = await post(batch(event(), same));

    expect(answer.accepted).toBe(2);
    expect(records).toHaveLength(1);
  });

  test('refuses one id with two contents', async () => {
    const { status, answer, records } = await post(batch(event(), event({ kind: 'arrived' })));

    expect({ status, code: answer.error?.code }).toEqual({ status: 409, code: 'conflict' });
    expect(records).toEqual([]);
  });

  test.each([
    [
      'an entity of another source',
      { entity: 'flight', events: [event()] },
      422,
      'not_supported',
      /POST \/query/,
    ],
    ['an unknown entity', { entity: 'nothing', events: [event()] }, 400, 'unknown_entity', /flight_event/],
    ['no events', batch(), 400, 'invalid_request', /at least one/],
    ['an unknown member', { ...batch(event()), more: 1 }, 400, 'invalid_request', /more/],
    ['an event that is no object', batch(7), 400, 'invalid_request', /events\.0/],
    ['no JSON', '{', 400, 'invalid_request', /no JSON/],
    [
      '501 events',
      batch(...Array.from({ length: 501 }, (_, index) => event({ event_id: `${index}` }))),
      413,
      'payload_too_large',
      /500/,
    ],
    ['more than 1 MB', batch(event({ details: 'x'.repeat(1_000_001) })), 413, 'payload_too_large', /1000000/],
  ])('refuses %s', async (_name, body, status, code, message) => {
    const { status: got, answer, records } = await post(body);

    expect({ status: got, code: answer.error?.code }).toEqual({ status, code });
    expect(answer.error?.message).toMatch(message);
    expect(records).toEqual([]);
  });

  test('does not acknowledge what the log has not', async () => {
    const { status, answer, issued } = await post(
      batch(event(), event({ event_id: 'e2' })),
      tenant,
      (_, index) => index === 1,
    );

    expect({ status, error: answer.error }).toMatchObject({
      status: 503,
      error: { code: 'store_unavailable', retryable: true },
    });
    expect(issued).toEqual([]);
  });

  test('asks for a credential before it looks at anything', async () => {
    const { app } = await post(batch(event()));

    const response = await app.request('/events', { method: 'POST', body: '{' });

    expect(response.status).toBe(401);
  });
});

test('events that break a check of their entity are all named, and none is taken', () => {
  const payment = (amount: number, id = 'p1') => ({ bank: 'UA', id, amount });
  const take = (...events: Record<string, unknown>[]) =>
    parseEvents(bankCatalog('ingest'), tenant, { entity: 'payment', events });

  expect(take(payment(1)).rows).toHaveLength(1);
  expect(() => take(payment(0), payment(1, 'p2'), payment(-3, 'p3'))).toThrow(
    expect.objectContaining({
      code: 'check_violated',
      details: {
        problems: [
          'events[0]: breaks the check amount_positive, amount > 0',
          'events[2]: breaks the check amount_positive, amount > 0',
        ],
      },
    }),
  );
});
