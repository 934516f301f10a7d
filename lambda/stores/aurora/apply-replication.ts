import type pg from 'pg';
import type { Catalog } from '../../model/index.ts';
import { auroraError } from './errors.ts';
import { type AuroraConnection, withOwner } from './owner.ts';
import {
  type CaptureAim,
  type CaptureFacts,
  type CaptureStep,
  planCapture,
  renderPublication,
  replicationNames,
  type SlotFacts,
  slotFacts,
} from './replication.ts';

export interface ReplicationOptions {
  /** Of the writer, as the user that owns the schema. */
  readonly connection: AuroraConnection;
  readonly catalog: Catalog;
  /** Of the connector's configuration, 0 to 127 (DESIGN §4). */
  readonly generation: number;
  /**
   * Slots are of the whole cluster, so a second database needs another name.
   * @default polystore
   */
  readonly slot?: string;
}

/**
 * Makes the publication and the failover replication slot where they are missing, and keeps for which
 * generation. The slot outlives a promotion only when it is made before the standby first starts.
 *
 * @throws PolystoreError as `checkReplication`; the publication is made by then.
 */
export async function applyReplication(options: ReplicationOptions): Promise<void> {
  if (!capturesAurora(options.catalog)) return;
  await withCapture(options, async (client, aim) => {
    await client.query(renderPublication(aim.catalog));
    const facts = await readFacts(client, aim);
    // A slot without a record was made by an earlier version, or by a run that was stopped in between.
    const unrecorded = facts.recorded === undefined && facts.slot !== undefined;
    if (unrecorded) await take(client, 'record', aim);
    const known = unrecorded ? { ...facts, recorded: aim.generation } : facts;
    // A slot cannot be made in a transaction that has written, so each step is one of its own.
    for (const step of planCapture(known, aim)) await take(client, step, aim);
  });
}

/**
 * Looks whether the capture still has everything, and changes nothing.
 *
 * @throws PolystoreError `slot_lost` when the slot is gone or WAL was removed before it was read, with
 *   the generation to raise and the backfills to run; `invalid_configuration` for a generation that went
 *   back; `migration_refused` for a slot of something else.
 */
export async function checkReplication(options: ReplicationOptions): Promise<void> {
  if (!capturesAurora(options.catalog)) return;
  await withCapture(options, async (client, aim) => {
    planCapture(await readFacts(client, aim), aim);
  });
}

/** A slot of a model without such sources would keep WAL that nobody reads. */
const capturesAurora = (catalog: Catalog): boolean =>
  catalog.entities.some(({ source }) => source.kind === 'aurora.source');

async function withCapture(
  { connection, catalog, generation, slot = replicationNames.slot }: ReplicationOptions,
  work: (client: pg.Client, aim: CaptureAim) => Promise<void>,
): Promise<void> {
  const aim = { catalog, slot, generation, database: connection.database };
  await withOwner(connection, (client) => work(client, aim)).catch((error: unknown) => {
    throw auroraError(error);
  });
}

async function readFacts(client: pg.Client, { slot }: CaptureAim): Promise<CaptureFacts> {
  const recorded = await client.query<{ readonly generation: number }>(
    'select generation from polystore.capture where slot = $1',
    [slot],
  );
  const found = await client.query<SlotFacts>(slotFacts, [slot]);
  return { recorded: recorded.rows[0]?.generation, slot: found.rows[0] };
}

async function take(client: pg.Client, step: CaptureStep, { slot, generation }: CaptureAim): Promise<void> {
  switch (step) {
    case 'drop-slot':
      await client.query('select pg_catalog.pg_drop_replication_slot($1)', [slot]);
      return;
    case 'make-slot':
      await client.query(
        "select pg_catalog.pg_create_logical_replication_slot($1, 'pgoutput', false, false, true)",
        [slot],
      );
      return;
    case 'record':
      await client.query(
        `insert into polystore.capture (slot, generation, since) values ($1, $2, pg_catalog.now())
         on conflict (slot) do update set generation = excluded.generation, since = excluded.since`,
        [slot, generation],
      );
  }
}
