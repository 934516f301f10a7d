import { keepTombstonesMs } from '../tombstone.ts';
import { type BulkSender, sendActions } from './bulk.ts';
import { deletedField } from './field.ts';
import type { Home } from './names.ts';
import { type Searcher, searchOnce } from './search.ts';

/** Tombstones of one page. */
const pageSize = 1000;

/** Removes one page of the tombstones that are old enough; one that was written again meanwhile stays. */
export async function sweepPage(
  searcher: Searcher,
  sender: BulkSender,
  { home, nowMs }: { readonly home: Home; readonly nowMs: number },
): Promise<{ readonly swept: number; readonly more: boolean }> {
  const { hits } = await searchOnce(
    searcher,
    { index: home.all, tenant: undefined },
    {
      size: pageSize,
      query: { range: { [deletedField]: { lte: nowMs - keepTombstonesMs } } },
      sort: [{ [deletedField]: { order: 'asc' } }],
      seq_no_primary_term: true,
      track_total_hits: false,
      _source: false,
    },
  );
  const actions = hits.hits.map(({ _index, _id, _routing, _seq_no, _primary_term }) => ({
    lines: [
      JSON.stringify({
        delete: {
          _index,
          _id,
          ...(_routing !== undefined && { routing: _routing }),
          if_seq_no: _seq_no,
          if_primary_term: _primary_term,
        },
      }),
    ],
  }));
  const done = await sendActions(sender, actions);
  const swept = done.filter(({ outcome }) => outcome.kind === 'applied').length;
  return { swept, more: hits.hits.length === pageSize };
}
