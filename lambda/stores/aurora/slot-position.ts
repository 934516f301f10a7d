import type pg from 'pg';
import { fetchRows } from './transaction.ts';

export interface SlotPosition {
  /** Everything committed up to here is on the log for good; undefined where there is no such slot. */
  readonly confirmed: bigint | undefined;
  /** Where the next record of the WAL begins. */
  readonly walInsert: bigint;
}

/** Positions of the WAL, in bytes. */
export async function readSlotPosition(client: pg.PoolClient, slot: string): Promise<SlotPosition> {
  const [row] = await fetchRows(client, {
    text: `select pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_lsn,
      (select confirmed_flush_lsn - '0/0'::pg_lsn from pg_catalog.pg_replication_slots where slot_name = $1)`,
    params: [slot],
  });
  const [walInsert, confirmed] = row ?? [];
  return {
    walInsert: BigInt(walInsert ?? '0'),
    confirmed: confirmed === null || confirmed === undefined ? undefined : BigInt(confirmed),
  };
}
