import type { Client } from '@opensearch-project/opensearch';
import { PolystoreError } from '../../errors.ts';
import type { AdaptiveGate } from '../adaptive-gate.ts';
import { isMissing } from './errors.ts';
import type { Hit, RowSearch, SearchBody, SearchTarget } from './read.ts';

export interface Searcher {
  readonly client: Client;
  readonly gate: AdaptiveGate;
  /** Rows of one answer. */
  readonly pageRows: number;
}

/** How long a view of an index is kept between two pages. */
const keepAlive = '1m';

export interface SearchAnswer {
  readonly hits: { readonly total?: { readonly value: number }; readonly hits: readonly Hit[] };
  readonly aggregations?: Readonly<Record<string, unknown>>;
  readonly _shards?: { readonly total: number };
}

/** One search, complete or not at all; an index that is not there, such as a day's without rows, is empty. */
export async function searchOnce(
  { client, gate }: Searcher,
  { index, tenant }: SearchTarget,
  body: SearchBody,
): Promise<SearchAnswer> {
  const isSnapshot = body.pit !== undefined;
  const { body: answer } = await gate.run(() =>
    client.search({
      allow_partial_search_results: false,
      // A snapshot has been taken of one index, one tenant's shard and one copy.
      ...(!isSnapshot && { index, ignore_unavailable: true, ...copyFor(tenant) }),
      body,
    }),
  );
  // The form of a search's answer; sources and versions are what we wrote.
  const found = answer as unknown as SearchAnswer & { readonly timed_out: boolean };
  if (found.timed_out)
    throw new PolystoreError(
      'store_unavailable',
      'OpenSearch gave up a search before its end. Send it again.',
    );
  return found;
}

/** One tenant's rows are in one shard; to ask always the same copy of it keeps answers from going back. */
const copyFor = (tenant: string | undefined) => ({
  ...(tenant !== undefined && { routing: tenant }),
  // A preference that starts with an underscore would be a command.
  preference: `tenant ${tenant ?? ''}`,
});

/** All hits of a search up to its limit. */
export async function searchRows(searcher: Searcher, search: RowSearch): Promise<readonly Hit[]> {
  const hits: Hit[] = [];
  for await (const page of searchPages(searcher, search)) hits.push(...page);
  return hits;
}

/**
 * The hits of a search up to its limit, page by page: of one moment, on a snapshot where one page is not enough. However
 * many there are, no page reaches beyond `index.max_result_window`.
 */
export async function* searchPages(
  searcher: Searcher,
  search: RowSearch,
): AsyncGenerator<readonly Hit[], void, undefined> {
  const { pageRows } = searcher;
  const { limit = Number.POSITIVE_INFINITY, body } = search;
  if (limit === 0) return;
  // Most have no more than a page, for which no snapshot need be opened and closed: two of three requests.
  const { hits: only } = await searchOnce(searcher, search, { ...body, size: Math.min(limit, pageRows) });
  if (limit <= pageRows || only.hits.length < pageRows) {
    yield only.hits;
    return;
  }
  const pit = await openSnapshot(searcher, search);
  if (pit === undefined) return;
  try {
    let after: readonly unknown[] | undefined;
    for (let left = limit; left > 0; ) {
      const size = Math.min(pageRows, left);
      const { hits } = await searchOnce(searcher, search, {
        ...body,
        ...pit,
        size,
        ...(after !== undefined && { search_after: renderAfter(after) }),
      });
      yield hits.hits;
      if (hits.hits.length < size) return;
      left -= size;
      after = hits.hits.at(-1)?.sort;
    }
  } finally {
    await closeSnapshot(searcher, pit);
  }
}

/** Whole numbers of 64 bits go as texts, which OpenSearch reads as exactly. */
const renderAfter = (values: readonly unknown[]): string[] =>
  // The client's type says texts; OpenSearch takes what it gave.
  values.map((value) => (typeof value === 'bigint' ? String(value) : value)) as string[];

/** Does some work on the rows of one moment; `none` is its answer where the index is not there. */
export async function onSnapshot<T>(
  searcher: Searcher,
  target: SearchTarget,
  none: T,
  work: (pit: Snapshot) => Promise<T>,
): Promise<T> {
  const pit = await openSnapshot(searcher, target);
  if (pit === undefined) return none;
  try {
    return await work(pit);
  } finally {
    await closeSnapshot(searcher, pit);
  }
}

/** The part of a search that makes it see the rows of one moment. */
interface Snapshot {
  readonly pit: { readonly id: string; readonly keep_alive: string };
}

/** Undefined where the index is not there. */
async function openSnapshot(
  { client, gate }: Searcher,
  { index, tenant }: SearchTarget,
): Promise<Snapshot | undefined> {
  try {
    const { body } = await gate.run(() =>
      client.createPit({
        index: [index],
        keep_alive: keepAlive,
        allow_partial_pit_creation: false,
        ...copyFor(tenant),
      }),
    );
    return { pit: { id: body.pit_id, keep_alive: keepAlive } };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function closeSnapshot({ client }: Searcher, { pit }: Snapshot): Promise<void> {
  await client.deletePit({ body: { pit_id: [pit.id] } });
}
