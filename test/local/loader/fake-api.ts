import type { Row } from '../../../lambda/change/change.ts';
import { compile, parseRow } from '../../../lambda/model/index.ts';
import flights from '../../../model/flights.ts';

/**
 * The front door as the loader sees it, in memory. The spec:
 *
 * - `insert into e (…) values (…), …` inserts all rows or, when one key exists, none: 409 `conflict`.
 * - `update flight set … where <full key>` changes one row, `rowCount` 0 when there is none.
 * - `select status from flight where <full key>` gives 0 or 1 row.
 * - `/events` takes at most 500 rows of `flight_event` or `weather`; the same key again is the same event.
 * - At most 100 rows an insert; rows are checked against the model; a request without the bearer is refused.
 *
 * It counts the versions of every row, and keeps each status that a flight has had, for the tests.
 */
export interface FakeApi {
  readonly fetch: typeof fetch;
  /** Rows by entity and key. */
  readonly rows: ReadonlyMap<string, Row>;
  /** How often each row or event was written. */
  readonly versions: ReadonlyMap<string, number>;
  /** The statuses that each flight has had, in order. */
  readonly statuses: ReadonlyMap<string, readonly string[]>;
  /** Times of the flights' events in the order in which they came in. */
  readonly posted: readonly string[];
  readonly requests: () => number;
  /** The most requests that were under way at once. */
  readonly mostAtOnce: () => number;
}

export interface FakeApiOptions {
  /** Called before and after each request is carried out; what it throws or returns is the answer. */
  readonly onRequest?: (moment: 'before' | 'after', count: number) => Response | undefined;
}

const catalog = compile(flights);

export function createFakeApi(): FakeApi & { readonly intercept: (options: FakeApiOptions) => void } {
  const rows = new Map<string, Row>();
  const versions = new Map<string, number>();
  const statuses = new Map<string, string[]>();
  const posted: string[] = [];
  let options: FakeApiOptions = {};
  let requests = 0;
  let atOnce = 0;
  let most = 0;

  const entityOf = (name: string) => {
    const entity = catalog.entities.find((one) => one.name === name);
    if (entity === undefined) throw new Error(`the fake knows no entity ${name}`);
    return entity;
  };
  const put = (entity: string, input: Row): void => {
    const row = parseRow(entityOf(entity), input);
    const id = idOf(entity, row);
    rows.set(id, row);
    versions.set(id, (versions.get(id) ?? 0) + 1);
    if (entity === 'flight') statuses.set(id, [...(statuses.get(id) ?? []), String(row.status)]);
  };
  const idOf = (entity: string, row: Row): string =>
    `${entity}:${entityOf(entity)
      .key.map((column) => String(row[column]))
      .join('|')}`;

  const query = ({ sql, params }: { sql: string; params: Row[string][] }): Response => {
    const at = (placeholder: string): Row[string] => params[Number(placeholder.slice(1)) - 1] ?? null;
    const insert = /^insert into (\w+) \(([^)]+)\) values (.+)$/.exec(sql);
    if (insert !== null) {
      const [, entity = '', columns = '', tuples = ''] = insert;
      const given = [...tuples.matchAll(/\(([^)]+)\)/g)].map(([, tuple = '']) => {
        const places = tuple.split(', ');
        return Object.fromEntries(
          columns.split(', ').map((column, index) => [column, at(places[index] ?? '')]),
        );
      });
      if (given.length > 100) return refuse(400, 'invalid_request', false);
      if (given.some((row) => rows.has(idOf(entity, row)))) return refuse(409, 'conflict', false);
      for (const row of given) put(entity, row);
      return answer({ rows: [], columns: [], rowCount: given.length, token: 't', route: {} });
    }
    const where = /where carrier = (\$\d+) and flight_number = (\$\d+) and scheduled_at = (\$\d+)$/.exec(sql);
    const id = `flight:${(where ?? []).slice(1).map(at).join('|')}`;
    const held = rows.get(id);
    if (/^select status from flight where /.test(sql))
      return answer({
        rows: held === undefined ? [] : [{ status: held.status }],
        columns: [{ name: 'status', type: 'oneOf' }],
        rowCount: held === undefined ? 0 : 1,
        route: {},
      });
    const set = /^update flight set (.+) where /.exec(sql)?.[1];
    if (set === undefined || where === null) return refuse(400, 'invalid_sql', false);
    if (held === undefined) return answer({ rows: [], columns: [], rowCount: 0, route: {} });
    const changes = set.split(', ').map((one) => one.split(' = '));
    put('flight', {
      ...held,
      ...Object.fromEntries(changes.map(([column, place]) => [column, at(place ?? '')])),
    });
    return answer({ rows: [], columns: [], rowCount: 1, token: 't', route: {} });
  };

  const events = (body: { entity: string; events: Row[] }): Response => {
    if (
      !['flight_event', 'weather'].includes(body.entity) ||
      body.events.length === 0 ||
      body.events.length > 500
    )
      return refuse(400, 'invalid_request', false);
    for (const event of body.events) {
      put(body.entity, event);
      if (body.entity === 'flight_event') posted.push(String(event.at));
    }
    return answer({ accepted: body.events.length, token: 't' });
  };

  const fakeFetch = async (url: unknown, init?: RequestInit): Promise<Response> => {
    requests += 1;
    const count = requests;
    atOnce += 1;
    most = Math.max(most, atOnce);
    try {
      await new Promise((resolve) => setImmediate(resolve)); // lets others overtake
      if (new Headers(init?.headers).get('authorization') !== 'Bearer operator')
        return refuse(401, 'unauthenticated', false);
      const before = options.onRequest?.('before', count);
      if (before !== undefined) return before;
      const body = JSON.parse(String(init?.body));
      const done = String(url).endsWith('/events') ? events(body) : query(body);
      return options.onRequest?.('after', count) ?? done;
    } finally {
      atOnce -= 1;
    }
  };

  return {
    // The loader calls it with a text and an init only.
    fetch: fakeFetch as typeof fetch,
    rows,
    versions,
    statuses,
    posted,
    requests: () => requests,
    mostAtOnce: () => most,
    intercept: (next) => {
      options = next;
    },
  };
}

const answer = (body: unknown): Response => new Response(JSON.stringify(body), { status: 200 });

export const refuse = (status: number, code: string, retryable: boolean): Response =>
  new Response(JSON.stringify({ error: { code, message: `a ${code} of the fake`, retryable } }), { status });
