import type { Deployment } from '../../local/deployment/deployment.ts';
import type { Rows } from './rows.ts';

export interface SearchViews {
  readonly airportSearch: Rows;
  readonly aircraftSearch: Rows;
  readonly flightSearch: Rows;
  readonly eventLog: Rows;
}

/** Reads the views in OpenSearch by plain HTTP, in the layout that the store's README promises. */
export async function readSearch({ engines }: Deployment): Promise<SearchViews> {
  const { url } = engines.endpoints.opensearch;
  // What was written a moment ago is not seen before a refresh.
  await ask(url, 'POST', '/flights.*/_refresh');
  const [airportSearch, aircraftSearch, flightSearch, eventLog] = await Promise.all([
    readAll(url, 'flights.airport.search'),
    readAll(url, 'flights.aircraft.search'),
    readAll(url, 'flights.flight.search'),
    readAll(url, 'flights.flight_event.log', ({ details, ...row }) =>
      // JSON is kept as its text.
      typeof details === 'string' ? { ...row, details: JSON.parse(details) } : row,
    ),
  ]);
  return { airportSearch, aircraftSearch, flightSearch, eventLog };
}

interface Page {
  readonly _scroll_id: string;
  readonly hits: {
    readonly hits: readonly { readonly _index: string; readonly _id: string; readonly _source: Source }[];
  };
}
type Source = Readonly<Record<string, unknown>>;

/** Every document that is no tombstone, by `<index> <id>`. */
async function readAll(
  url: string,
  alias: string,
  rowOf: (source: Source) => Source = (row) => row,
): Promise<Rows> {
  const rows = new Map<string, Source>();
  const query = { bool: { must_not: [{ exists: { field: '@deleted' } }] } };
  let page = await ask<Page>(url, 'POST', `/${alias}/_search?scroll=1m`, { size: 5000, query });
  while (page.hits.hits.length > 0) {
    for (const { _index, _id, _source } of page.hits.hits)
      rows.set(`${_index} ${_id}`, rowOf(withoutOwn(_source)));
    page = await ask<Page>(url, 'POST', '/_search/scroll', { scroll: '1m', scroll_id: page._scroll_id });
  }
  await ask(url, 'DELETE', '/_search/scroll', { scroll_id: page._scroll_id });
  return rows;
}

/** A document without the store's own members: version, bucket and so on, which begin with `@`. */
const withoutOwn = (source: Source): Source =>
  Object.fromEntries(Object.entries(source).filter(([name]) => !name.startsWith('@')));

async function ask<T>(url: string, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${url}${path}`, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  // The form that the caller names is that of OpenSearch's documented answer.
  return JSON.parse(text) as T;
}
