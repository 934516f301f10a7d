import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@opensearch-project/opensearch';
import type { Catalog } from '../../lambda/model/index.ts';
import { createOpensearchStore, ensureSearch } from '../../lambda/stores/opensearch/index.ts';
import { aliasOf, documentId, searchView } from '../../lambda/stores/opensearch/names.ts';
import type { Clock, Placement } from '../../lambda/stores/store.ts';
import { connection } from '../stores/opensearch/library.ts';
import {
  type DriftedStore,
  indexesOf,
  likeness,
  olderText,
  otherCount,
  rowOf,
  type SeenRow,
  strangers,
  strangeText,
} from './drifted-rows.ts';

interface Hit {
  readonly _index: string;
  readonly _id: string;
  readonly _routing: string;
  readonly _version: number;
  readonly _source: Readonly<Record<string, unknown>>;
}

/** OpenSearch tells the age of a deletion by a clock that it looks at five times a second. */
const forgottenAfterMs = 1000;

/** By documents that a client indexes, updates and deletes. */
export async function openOpensearch(catalog: Catalog, clock: Clock): Promise<DriftedStore> {
  await ensureSearch(catalog, connection());
  const store = createOpensearchStore({ ...connection(), model: catalog.name, clock, refresh: true });
  const client = new Client({ node: connection().endpoint });

  const everything = async (view: Placement): Promise<readonly Hit[]> => {
    const index = aliasOf(catalog.name, view, searchView(view));
    await client.indices.refresh({ index });
    const { body } = await client.search({ index, size: 10_000, version: true, body: {} });
    // What OpenSearch says of a document that it was asked for with its version.
    return body.hits.hits as unknown as readonly Hit[];
  };
  const bulk = async (lines: readonly object[]): Promise<void> => {
    const { body } = await client.bulk({ body: [...lines], refresh: true });
    if (body.errors) throw new Error(`not planted: ${JSON.stringify(body.items).slice(0, 500)}`);
  };
  const at = ({ _index, _id, _routing }: Hit) => ({ _index, _id, routing: _routing });
  const put = (hit: Hit, version: number, source: object, version_type = 'external'): readonly object[] => [
    { index: { ...at(hit), version, version_type } },
    source,
  ];
  return {
    store,
    views: ['found', 'logged'],
    async drift(view) {
      const held = new Map((await everything(view)).map((hit) => [hit._id, hit]));
      const hitOf = (index: number): Hit => {
        const hit = held.get(documentId(view, rowOf(index)));
        if (hit === undefined) throw new Error(`${view.target.kind} lacks row ${index}`);
        return hit;
      };
      await bulk(
        [...indexesOf('lost'), ...indexesOf('older')].map((index) => ({ delete: at(hitOf(index)) })),
      );
      await sleep(forgottenAfterMs);
      const older = indexesOf('older').flatMap((index) =>
        put(hitOf(index), Number(olderText(index)), {
          ...hitOf(index)._source,
          count: otherCount(index),
          '@version': olderText(index),
        }),
      );
      const other = indexesOf('other content').flatMap((index) => {
        const count = otherCount(index);
        const hit = hitOf(index);
        // An update counts the document's version on by one.
        return index % 4 < 2
          ? [{ update: at(hit) }, { doc: { count } }]
          : put(hit, hit._version, { ...hit._source, count }, 'external_gte');
      });
      const strange = strangers.flatMap((kind) =>
        indexesOf(kind).flatMap((index) => {
          const like = hitOf(likeness(index));
          const hit = { ...like, _id: documentId(view, rowOf(index)) };
          const copy = { ...like._source, number: String(index), '@version': strangeText(index) };
          // Half are copies, which say the bucket of another row; half say no more than the row.
          const plain = Object.entries(copy).filter(([name]) => !name.startsWith('@'));
          const source = index % 4 < 2 ? copy : Object.fromEntries(plain);
          return put(hit, Number(strangeText(index)), source);
        }),
      );
      await bulk([...older, ...other, ...strange]);
    },
    async read(view) {
      const rows = (await everything(view)).filter(({ _source }) => _source['@deleted'] === undefined);
      return new Map(
        rows.map(({ _index, _version, _source }): readonly [number, SeenRow] => {
          const sorted = Object.entries(_source).sort(([one], [other]) => (one < other ? -1 : 1));
          return [
            Number(_source.number),
            {
              version: String(_version).padStart(19, '0'),
              count: Number(_source.count),
              all: JSON.stringify([_index, sorted]),
            },
          ];
        }),
      );
    },
    async close() {
      await client.close();
      await store.close();
    },
  };
}
