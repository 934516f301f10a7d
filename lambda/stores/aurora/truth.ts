import type pg from 'pg';
import type { Row } from '../../change/change.ts';
import { type Change, type Key, keyText } from '../../change/change.ts';
import { createVersion, type Version } from '../../change/version.ts';
import { PolystoreError } from '../../errors.ts';
import type { Placement } from '../store.ts';
import type { Truth, TruthRequest } from '../view-store.ts';
import { awaitInFlight, type Waiting } from './in-flight.ts';
import { pageSize, renderAfter, renderScan } from './page.ts';
import { parseRow, renderKeysRead } from './read.ts';
import type { RawRow } from './result.ts';
import { fetchRows } from './transaction.ts';

/**
 * DESIGN §5: the WAL's insert position L, then the transactions in flight, which are waited for, then the rows, at
 * version L − 1. A record below L belongs to one that has ended when the rows are read, so they show it; one at L
 * or behind it has a higher version and wins, whether the rows show it or not. All on one connection, in one
 * transaction of which each statement has a snapshot of its own.
 */
export async function readTruth(
  client: pg.PoolClient,
  { placement, of }: TruthRequest,
  {
    generation,
    waitMs,
    waiting,
  }: { readonly generation: number; readonly waitMs: number; readonly waiting?: Waiting },
): Promise<Truth> {
  if (of.kind === 'keys' && of.keys.length === 0)
    return { changes: [], absent: [], floor: undefined, next: undefined, bytes: 0 };
  const position = await insertPosition(client);
  await awaitInFlight(client, placement, { waitMs, waiting });
  const at = { entity: placement.entity, version: createVersion(generation, position - 1n) };
  const floor = createVersion(generation, position);
  if (of.kind === 'keys') {
    // A source shows all of its rows, at any time.
    const statement = renderKeysRead({ kind: 'keys', placement, keys: of.keys }, 0);
    const found = (await fetchRows(client, statement)).map((raw) => ({ raw, row: parseRow(placement, raw) }));
    const there = new Set(found.map(({ row }) => keyText(keyOf(placement, row))));
    const absent = of.keys.map((key) => keyOf(placement, key)).filter((key) => !there.has(keyText(key)));
    return {
      changes: [
        ...found.map(({ row }) => upsertOf(at, placement, row)),
        ...absent.map(
          (key): Change => ({ kind: 'delete', entity: at.entity.name, key, version: at.version }),
        ),
      ],
      absent: [],
      floor,
      next: undefined,
      bytes: bytesOf(found.map(({ raw }) => raw)),
    };
  }
  const { after, limit, buckets } = of;
  const raws = await fetchRows(client, renderScan(placement, { after, limit, buckets }));
  const page = readPage(placement, raws, limit);
  return {
    changes: page.rows.map(({ row }) => upsertOf(at, placement, row)),
    absent: [],
    floor,
    next: page.next,
    bytes: bytesOf(raws),
  };
}

/** What `renderScan` returns, and where the next page begins. */
export function readPage(
  placement: Placement,
  raws: readonly RawRow[],
  limit: number,
): {
  readonly rows: readonly { readonly row: Row; readonly raw: RawRow }[];
  readonly next: string | undefined;
} {
  const rows = raws.map((raw) => ({ row: parseRow(placement, raw), raw }));
  const last = rows.at(-1);
  const count = Number(last?.raw.at(-1) ?? 0);
  return {
    rows: rows.filter(({ raw }) => raw.at(-2) === 't'),
    next: last === undefined || count < pageSize(limit) ? undefined : renderAfter(placement, last.row),
  };
}

/** About how many bytes the answer was. */
export const bytesOf = (raws: readonly RawRow[]): number =>
  raws.reduce((sum, raw) => sum + raw.reduce((length, text) => length + (text?.length ?? 0), 0), 0);

const keyOf = ({ entity }: Placement, row: Row): Key =>
  Object.fromEntries(entity.key.map((name) => [name, row[name] ?? null]));

const upsertOf = (
  { entity, version }: { readonly entity: Placement['entity']; readonly version: Version },
  placement: Placement,
  row: Row,
): Change => ({ kind: 'upsert', entity: entity.name, key: keyOf(placement, row), version, row });

/** Where the next record of the WAL begins, or will after the header of a page. */
async function insertPosition(client: pg.PoolClient): Promise<bigint> {
  const [row] = await fetchRows(client, {
    text: "select pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_lsn",
    params: [],
  });
  const position = row?.[0];
  if (position !== null && position !== undefined) return BigInt(position);
  throw new PolystoreError('store_unavailable', 'PostgreSQL did not say how far its WAL has got. Ask again');
}
