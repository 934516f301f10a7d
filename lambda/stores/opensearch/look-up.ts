import type { Row } from '../../change/change.ts';
import type { Version } from '../../change/version.ts';
import { inParallel } from '../in-parallel.ts';
import { parted } from '../parted.ts';
import type { Placement } from '../store.ts';
import type { BulkSender } from './bulk.ts';
import { requestsInFlight } from './connection.ts';
import type { Home } from './names.ts';
import { type Hit, locate, versionOf } from './read.ts';
import { type Searcher, searchOnce } from './search.ts';

/** Documents of one request. */
const keysAtOnce = 1000;

interface LookUp {
  readonly home: Home;
  readonly placement: Placement;
  readonly keys: readonly Row[];
  /** Whether the rows come, and not only their versions. */
  readonly source?: boolean;
}

type Located = ReturnType<typeof locate>;

const textOf = ({ index, id }: Pick<Located, 'index' | 'id'>): string => `${index} ${id}`;

/** The documents of some keys, as they are now: this does not wait for a refresh. Those that are not there are left out. */
export async function lookUp(
  { client, gate }: Pick<BulkSender, 'client' | 'gate'>,
  { home, placement, keys, source = true }: LookUp,
): Promise<readonly Hit[]> {
  const located = distinct(keys.map((key) => locate(home, placement, key)));
  const answers = await inParallel(parted(located, keysAtOnce), requestsInFlight, (part) =>
    gate.run(() =>
      client.mget({
        body: {
          docs: part.map(({ index, id, routing }) => ({
            _index: index,
            _id: id,
            ...(routing !== undefined && { routing }),
            ...(!source && { _source: false }),
          })),
        },
      }),
    ),
  );
  // The form of an answer; a document of an index that is not there carries an error in place of `found`.
  const docs = answers.flatMap(
    ({ body }) => body.docs as unknown as readonly (Hit & { readonly found?: boolean })[],
  );
  return docs.filter(({ found }) => found === true);
}

/**
 * The versions that searches see, tombstones' too: whoever waits for a version and then searches finds it.
 */
export async function lookUpVersions(
  searcher: Searcher,
  { home, placement, keys }: LookUp,
): Promise<readonly (Version | undefined)[]> {
  const located = keys.map((key) => locate(home, placement, key));
  const byPlace = Map.groupBy(distinct(located), ({ index, routing }) => JSON.stringify([index, routing]));
  const parts = [...byPlace.values()].flatMap((group) => parted(group, keysAtOnce));
  const answers = await inParallel(parts, requestsInFlight, (part) => {
    const [{ index, routing } = { index: '', routing: undefined }] = part;
    return searchOnce(
      searcher,
      { index, tenant: routing },
      {
        query: { ids: { values: part.map(({ id }) => id) } },
        size: part.length,
        version: true,
        _source: false,
        track_total_hits: false,
      },
    );
  });
  const versions = new Map(
    parts.flatMap(([first], position) =>
      (answers[position]?.hits.hits ?? []).map(
        (hit) => [textOf({ index: first?.index ?? '', id: hit._id }), versionOf(hit)] as const,
      ),
    ),
  );
  return located.map((each) => versions.get(textOf(each)));
}

const distinct = (located: readonly Located[]): readonly Located[] => [
  ...new Map(located.map((each) => [textOf(each), each])).values(),
];
