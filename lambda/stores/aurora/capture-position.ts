import { PolystoreError } from '../../errors.ts';
import { auroraError } from './errors.ts';
import { type AuroraConnection, withOwner } from './owner.ts';
import { replicationNames } from './replication.ts';

/** How far a database is in its WAL, and how far its capture has surely got. */
export interface CapturePosition {
  /** Where the WAL is written next: everything committed so far lies below. */
  readonly current: bigint;
  /** All below it the change log has: Debezium confirms what Kafka has acknowledged. Undefined without a slot. */
  readonly captured: bigint | undefined;
}

/** Asks the writer, on a connection of its own. @throws PolystoreError `store_unavailable` */
export async function readCapturePosition(
  connection: AuroraConnection,
  slot: string = replicationNames.slot,
): Promise<CapturePosition> {
  return withOwner(connection, async (client) => {
    const { rows } = await client.query<{ current: string; captured: string | null }>(
      `select (pg_current_wal_insert_lsn() - '0/0')::text as current,
        (select (confirmed_flush_lsn - '0/0')::text from pg_replication_slots where slot_name = $1) as captured`,
      [slot],
    );
    const [row] = rows;
    if (row === undefined) throw new PolystoreError('internal', 'PostgreSQL gave no WAL position');
    return {
      current: BigInt(row.current),
      captured: row.captured === null ? undefined : BigInt(row.captured),
    };
  }).catch((error: unknown) => {
    throw auroraError(error);
  });
}
