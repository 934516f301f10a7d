import type { Change } from '../../../lambda/change/change.ts';
import { createVersion } from '../../../lambda/change/version.ts';
import type { TestDatabase } from '../aurora-database.ts';

/**
 * What was committed to `source.place` since the last call, in the order of the commits and with the position of
 * each row's own record as its version, as Debezium's connector gives it. By PostgreSQL's own decoder, in words.
 */
export async function decodedChanges(database: TestDatabase, slot: string): Promise<readonly Change[]> {
  const rows = await database.query(
    "select lsn - '0/0'::pg_lsn as position, data from pg_logical_slot_get_changes($1, null, null)",
    [slot],
  );
  return rows.flatMap(({ position, data }) => {
    const change = parse(String(data));
    return change === undefined ? [] : [{ ...change, version: createVersion(0, BigInt(String(position))) }];
  });
}

type Unversioned = Change extends infer C ? (C extends Change ? Omit<C, 'version'> : never) : never;

function parse(data: string): Unversioned | undefined {
  const match = /^table source\.place: (INSERT|UPDATE|DELETE): (.*)$/.exec(data);
  if (match === null) return undefined;
  const [, kind = '', words = ''] = match;
  const image = /new-tuple: (.*)$/.exec(words)?.[1] ?? words;
  const place = /place\[text\]:'([^']*)'/.exec(image)?.[1] ?? '';
  const key = { place };
  if (kind === 'DELETE') return { kind: 'delete', entity: 'place', key };
  const name = /name\[text\]:'([^']*)'/.exec(image)?.[1] ?? '';
  const rank = /rank\[integer\]:(-?\d+|null)/.exec(image)?.[1];
  const row = { place, name, rank: rank === undefined || rank === 'null' ? null : Number(rank) };
  return { kind: 'upsert', entity: 'place', key, row };
}
