import { describe, expect, test } from '@jest/globals';
import { createRequests, type RequestOptions } from '../../../local/loader/api-requests.ts';
import { refuse } from './fake-api.ts';

/** A front door that answers in turn what it is given; the last answer for ever. */
function requestsTo(answers: readonly (() => Response)[], change: Partial<RequestOptions> = {}) {
  const waitsMs: number[] = [];
  const outcomes: string[] = [];
  const seen: { readonly url: string; readonly init: RequestInit | undefined }[] = [];
  const answering = async (url: unknown, init?: RequestInit): Promise<Response> => {
    seen.push({ url: String(url), init });
    const next = answers[Math.min(seen.length, answers.length) - 1];
    if (next === undefined) throw new Error('no answer was given to the test');
    return next();
  };
  let now = 0;
  const send = createRequests({
    // The requests call it with a text and an init only.
    api: {
      url: 'http://front.door',
      bearer: async () => `bearer-${seen.length}`,
      fetch: answering as typeof fetch,
    },
    signal: new AbortController().signal,
    clock: () => now,
    sleep: async (ms) => {
      waitsMs.push(ms);
      now += ms;
    },
    random: () => 1,
    onRequest: (outcome) => outcomes.push(outcome),
    ...change,
  });
  return { send, waitsMs, outcomes, seen };
}

const ok = () => new Response('{"accepted":1}');

describe('a request', () => {
  test('carries a bearer that is asked for each time', async () => {
    const { send, seen } = requestsTo([() => refuse(503, 'store_unavailable', true), ok]);

    await send('/events', { entity: 'flight_event', events: [] });

    expect(seen.map(({ url }) => url)).toEqual(['http://front.door/events', 'http://front.door/events']);
    expect(seen.map(({ init }) => new Headers(init?.headers).get('authorization'))).toEqual([
      'Bearer bearer-0',
      'Bearer bearer-1',
    ]);
  });

  test.each([
    ['our own error that says so', () => refuse(409, 'contended', true)],
    ['a gateway that is too busy', () => new Response('{"message":"Too Many Requests"}', { status: 429 })],
    ['a function that died', () => new Response('{"message":"Internal Server Error"}', { status: 500 })],
    ['a page that is no JSON', () => new Response('<h1>Bad Gateway</h1>', { status: 502 })],
    [
      'a connection that fails',
      () => {
        throw new TypeError('fetch failed');
      },
    ],
  ])('is sent again after %s', async (_, failure) => {
    const { send, outcomes } = requestsTo([failure, failure, ok]);

    const answer = await send('/query', {});

    expect(answer).toEqual({ kind: 'answered', body: { accepted: 1 } });
    expect(outcomes).toEqual(['retried', 'retried', 'done']);
  });

  test.each([
    ['our own error that says so', () => refuse(400, 'invalid_sql', false), 'invalid_sql'],
    ['a conflict', () => refuse(409, 'conflict', false), 'conflict'],
    ['a code of a newer version', () => refuse(400, 'unheard_of', false), 'internal'],
    ['a route that is not there', () => new Response('{"message":"Not Found"}', { status: 404 }), 'internal'],
  ])('is not sent again after %s', async (_, failure, code) => {
    const { send, seen } = requestsTo([failure]);

    const answer = await send('/query', {});

    expect(answer).toMatchObject({ kind: 'refused', code, retryable: false });
    expect(seen).toHaveLength(1);
  });

  test('waits twice as long each time, up to ten seconds, and gives up after five minutes', async () => {
    const { send, waitsMs } = requestsTo([() => refuse(503, 'store_unavailable', true)]);

    await expect(send('/query', {})).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/did not take the request in \d+ tries over 5 minutes/),
    });

    expect(waitsMs.slice(0, 9)).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    expect(waitsMs.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThanOrEqual(300_000);
  });

  test('spreads its waits at random', async () => {
    const { send, waitsMs } = requestsTo([() => refuse(503, 'store_unavailable', true), ok], {
      random: () => 0.25,
    });

    await send('/query', {});

    expect(waitsMs).toEqual([25]);
  });

  test('ends with the signal’s reason when that aborts', async () => {
    const stop = new AbortController();
    const { send } = requestsTo([() => refuse(503, 'store_unavailable', true)], {
      signal: stop.signal,
      sleep: async () => stop.abort(new Error('enough')),
    });

    await expect(send('/query', {})).rejects.toThrow('enough');
  });
});
