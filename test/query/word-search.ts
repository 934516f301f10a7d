import type { Row } from '../../lambda/change/change.ts';
import { aggregateRows } from '../../lambda/stores/aggregate-rows.ts';
import { parted } from '../../lambda/stores/parted.ts';
import { pickColumns, wantedColumns } from '../../lambda/stores/placement.ts';
import type {
  AggregateStore,
  FilterFragment,
  PagedStore,
  TopStore,
  VersionedRow,
  WordMatch,
} from '../../lambda/stores/store.ts';

/**
 * A store of memory that matches words in the plainest way: a row matches when its text has one of them, its
 * score is how many of them, and its highlight the text with them marked. What a search engine makes of words
 * (stems, weights) is not there; the real one is in test/query/every-view.integration.test.ts.
 */
export function withWords(
  store: AggregateStore & PagedStore & TopStore,
): AggregateStore & PagedStore & TopStore {
  const read: PagedStore['read'] = async (fragment) => {
    if (fragment.kind !== 'filter') return store.read(fragment);
    const { match, order, limit } = fragment;
    const rows = await store.read({
      ...fragment,
      // What is matched may be no column that is wanted.
      columns: undefined,
      match: [],
      order: order === 'score' ? [] : order,
      limit: Number.MAX_SAFE_INTEGER,
    });
    const found = rows.flatMap((row) => matched(row, fragment));
    const wanted = wantedColumns(fragment.placement, fragment.columns);
    return (
      order === 'score' && match.length > 0
        ? found.toSorted((a, b) => (b.match?.score ?? 0) - (a.match?.score ?? 0))
        : found
    )
      .slice(0, limit)
      .map((each) => ({ ...each, row: pickColumns(wanted, each.row) }));
  };
  return {
    ...store,
    read,
    pages: async function* (fragment) {
      for (const page of parted(await read(fragment), 7)) yield page;
    },
    aggregate: async (fragment) => {
      if (fragment.match.length === 0) return store.aggregate(fragment);
      // Words are one more condition: whoever has none of them is left out.
      const rows = await store.read({
        ...fragment,
        kind: 'filter',
        match: [],
        order: [],
        highlight: [],
        limit: Number.MAX_SAFE_INTEGER,
      });
      const kept = rows.filter(({ row }) => fragment.match.every((match) => scoreOf(row, match) > 0));
      return aggregateRows(fragment, kept);
    },
  };
}

function matched(found: VersionedRow, { match, highlight }: FilterFragment): readonly VersionedRow[] {
  if (match.length === 0) return [found];
  const scores = match.map((one) => scoreOf(found.row, one));
  if (scores.includes(0)) return [];
  const highlights = match
    .filter(({ column }) => highlight.includes(column))
    .map(({ column, words }) => [
      column,
      String(found.row[column]).replace(
        new RegExp(`\\b(${wordsOf(words).join('|')})\\b`, 'gi'),
        '<em>$1</em>',
      ),
    ]);
  return [
    {
      ...found,
      match: {
        score: scores.reduce((sum, score) => sum + score),
        highlights: Object.fromEntries(highlights),
      },
    },
  ];
}

const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/\w+/g) ?? [];

function scoreOf(row: Row, { column, words }: WordMatch): number {
  const held = new Set(wordsOf(String(row[column] ?? '')));
  return new Set(wordsOf(words).filter((word) => held.has(word))).size;
}
