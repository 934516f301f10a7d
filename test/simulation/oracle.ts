import type { Row } from '../../lambda/change/change.ts';
import type { Catalog, CatalogView } from '../../lambda/model/index.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import type { ViewStore } from '../../lambda/stores/view-store.ts';
import { expireHours, idOf, owners, places, type SimulatedRow } from './simulated-model.ts';

/** What readers of a view must find, worked out from the source's rows without Polystore's own mapping. */
function expectedRows(
  view: CatalogView,
  rows: Iterable<SimulatedRow>,
  nowMs: number,
): readonly SimulatedRow[] {
  return [...rows].filter((row) => {
    if (view.name === 'board') return Date.parse(row.at) + expireHours * 3_600_000 > nowMs;
    return view.name !== 'ranking' || row.score !== null;
  });
}

/** When a view stops showing a row, in milliseconds since the epoch; undefined: never. */
export function hiddenSince(view: string, row: Row): number | undefined {
  if (view === 'ranking' && row.score === null) return 0;
  return view === 'board' ? Date.parse(String(row.at)) + expireHours * 3_600_000 : undefined;
}

/** Every place where a row could be is read as a reader would: one that was left behind is found, too. */
async function readRows(store: ViewStore, placement: Placement): Promise<readonly SimulatedRow[]> {
  // The rows of the simulated model have exactly these columns.
  const found: SimulatedRow[] = [];
  if (placement.target.kind === 'aurora.table') {
    const keys = owners.flatMap((owner) => everyNumber.map((number) => ({ owner, number })));
    for (const { row } of await store.read({ kind: 'keys', placement, keys }))
      found.push(row as unknown as SimulatedRow);
    return found;
  }
  for (const owner of owners)
    for (const place of places) {
      const equal = { owner, place };
      const bounds = { from: undefined, to: undefined, limit: undefined, index: undefined } as const;
      const slice = { kind: 'slice', placement, equal, order: 'ascending', ...bounds } as const;
      const sliced = (await store.read(slice)).map(({ row }) => row as unknown as SimulatedRow);
      const keys = everyNumber.map((number) => ({ owner, number, place }));
      const looked = (await store.read({ kind: 'keys', placement, keys })).map(
        ({ row }) => row as unknown as SimulatedRow,
      );
      // Both ways of reading see the same.
      const here = looked.filter((row) => row.place === place);
      const seen = new Set(sliced.map(rendered));
      found.push(...sliced, ...here.filter((row) => !seen.has(rendered(row))));
    }
  return found;
}
const everyNumber = Array.from({ length: 40 }, (_, index) => index + 1);

/** One line for each row of an entity's views that is not what the source says. */
export async function differences(options: {
  readonly catalog: Catalog;
  readonly entity: string;
  readonly storeOf: (view: CatalogView) => ViewStore;
  readonly source: readonly SimulatedRow[];
  readonly nowMs: number;
}): Promise<readonly string[]> {
  const entity = options.catalog.entities.find(({ name }) => name === options.entity);
  if (entity === undefined) throw new RangeError(`no entity ${options.entity}`);
  const problems: string[] = [];
  for (const view of entity.views) {
    const found = (await readRows(options.storeOf(view), { entity, target: view })).map(rendered).sort();
    const expected = expectedRows(view, options.source, options.nowMs).map(rendered).sort();
    const lacks = expected.filter((row) => !found.includes(row));
    const extra = found.filter((row, at) => !expected.includes(row) || found.indexOf(row) !== at);
    problems.push(...lacks.map((row) => `${entity.name}.${view.name} lacks ${row}`));
    problems.push(
      ...extra.map((row) => `${entity.name}.${view.name} shows ${row}, which the source has not`),
    );
  }
  return problems;
}

const rendered = (row: SimulatedRow): string =>
  `${idOf(row)} ${row.place} ${row.at} score ${row.score} large ${row.large} note ${row.note}`;
