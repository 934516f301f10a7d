import { PolystoreError } from '../../errors.ts';
import type { Catalog } from '../../model/index.ts';
import { onlyFirst } from './builds.ts';
import { tablesOf } from './model-table.ts';
import { qualified, quoteName, quoteText, tableName } from './names.ts';

/** What Debezium reads by: PostgreSQL allows only a-z, 0-9 and `_` in a slot's name. */
export const replicationNames = { publication: 'polystore', slot: 'polystore' } as const;

/**
 * The publication of the source tables. Views are never captured. The heartbeat table is published so
 * that a quiet database lets go of its WAL; the connector's table list leaves its rows out of the log.
 */
export function renderPublication(catalog: Catalog): string {
  const tables = tablesOf(catalog, onlyFirst).filter(({ target }) => target.kind === 'aurora.source');
  const list = [...tables.map((table) => qualified(tableName(table))), 'polystore.heartbeat'].join(', ');
  const publication = quoteName(replicationNames.publication);
  return `do $$
begin
  if exists (select from pg_catalog.pg_publication where pubname = ${quoteText(replicationNames.publication)}) then
    alter publication ${publication} set table ${list};
  else
    create publication ${publication} for table ${list};
  end if;
end $$`;
}

/** What is known of the capture before anything is done about it. */
export interface CaptureFacts {
  /** The generation that the slot was made or last accepted for; undefined before the first deployment. */
  readonly recorded: number | undefined;
  readonly slot: SlotFacts | undefined;
}

/** A row of `pg_replication_slots`. */
export interface SlotFacts {
  readonly database: string | null;
  readonly plugin: string | null;
  readonly failover: boolean;
  /** `reserved`, `extended`, `unreserved`, or `lost`: WAL that was not read yet is gone. */
  readonly walStatus: string | null;
  /** Why the slot cannot be read any more: `wal_removed`, `rows_removed`, `wal_level_insufficient`. */
  readonly invalidation: string | null;
}

export const slotFacts = `
select database, plugin, failover, wal_status as "walStatus", invalidation_reason as invalidation
from pg_catalog.pg_replication_slots where slot_name = $1`;

export interface CaptureAim {
  readonly catalog: Catalog;
  readonly slot: string;
  readonly database: string;
  /** Of the connector's configuration (DESIGN §4). */
  readonly generation: number;
}

/** What is to be done, in this order; each is a transaction of its own. */
export type CaptureStep = 'drop-slot' | 'make-slot' | 'record';

/**
 * Decides what becomes of the slot. A slot that is gone, or that lost WAL before it was read, is made
 * anew only for a higher generation: whatever was not read is missing from the log for good, so all
 * views must be filled again above everything that was captured before.
 *
 * @throws PolystoreError `slot_lost`; `invalid_configuration` for a generation that went back;
 *   `migration_refused` for a slot of something else.
 */
export function planCapture({ recorded, slot }: CaptureFacts, aim: CaptureAim): readonly CaptureStep[] {
  const { generation } = aim;
  if (recorded !== undefined && generation < recorded)
    throw new PolystoreError(
      'invalid_configuration',
      `The generation is ${generation}, and changes of generation ${recorded} were captured already: views would take ${generation}'s for old ones. Set it to ${recorded} or more.`,
    );
  const loss = slot === undefined ? undefined : lossOf(slot);
  const raised = recorded !== undefined && generation > recorded;
  if (slot !== undefined && loss === undefined) {
    requireOwn(slot, aim);
    return recorded === generation ? [] : ['record'];
  }
  // The first deployment, which has nothing to lose.
  if (recorded === undefined && slot === undefined) return ['make-slot', 'record'];
  if (!raised) throw slotLost(aim, loss ?? 'is not there any more');
  return slot === undefined ? ['make-slot', 'record'] : ['drop-slot', 'make-slot', 'record'];
}

function lossOf({ invalidation, walStatus }: SlotFacts): string | undefined {
  if (invalidation === null && walStatus !== 'lost') return undefined;
  const reason = invalidation ?? 'wal_removed';
  return reason === 'wal_removed'
    ? 'fell so far behind that the server removed WAL which it had not read (max_slot_wal_keep_size)'
    : `was invalidated by the server (${reason})`;
}

function requireOwn({ database, plugin, failover }: SlotFacts, aim: CaptureAim): void {
  const wrong = [
    ...(database === aim.database
      ? []
      : [`is of the database ${database ?? 'of none'}, not ${aim.database}`]),
    ...(plugin === 'pgoutput' ? [] : [`decodes with ${plugin ?? 'nothing'}, not pgoutput`]),
    ...(failover ? [] : ['does not survive a promotion (failover is off)']),
  ];
  if (wrong.length > 0)
    throw new PolystoreError(
      'migration_refused',
      `The replication slot ${aim.slot} ${wrong.join(' and ')}. Stop its reader and drop it, then raise the generation to ${aim.generation + 1}, so that the migration makes it anew.`,
      { details: { slot: aim.slot, wrong } },
    );
}

/** The error of a slot that lost changes, with what brings them back. */
function slotLost({ catalog, slot, generation }: CaptureAim, what: string): PolystoreError {
  const entities = catalog.entities
    .filter(({ source }) => source.kind === 'aurora.source')
    .map(({ name }) => name);
  const commands = entities.map((name) => `polystore backfill ${name}`);
  const next = generation + 1;
  return new PolystoreError(
    'slot_lost',
    `The replication slot ${slot} ${what}: changes since then are missing from the log. Raise the generation to ${next} (functions.generation in the environment's file in lib/environments; on this machine POLYSTORE_GENERATION), deploy, which makes the slot anew, then run: ${commands.join('; ')}`,
    { details: { slot, generation, next, entities, commands } },
  );
}
