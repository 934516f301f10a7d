import type { Catalog } from '../../model/index.ts';
import { qualified, quoteName, quoteText, tableName } from './names.ts';
import { tablesOf } from './schema.ts';

/** What Debezium reads by: PostgreSQL allows only a-z, 0-9 and `_` in a slot's name. */
const replicationNames = { publication: 'polystore', slot: 'polystore' } as const;

/**
 * The publication of the source tables, and the failover replication slot. Views are never captured.
 * The heartbeat table is published so that a quiet database lets go of its WAL; the connector's table
 * list leaves its rows out of the log. The slot outlives a promotion only when it is made before the
 * standby first starts. Each statement must run in a transaction of its own: a slot cannot be made
 * in one that has written. Slots are of the whole cluster, so a second database needs another name.
 */
export function renderReplication(
  catalog: Catalog,
  { slot = replicationNames.slot }: { readonly slot?: string } = {},
): readonly string[] {
  const tables = tablesOf(catalog).filter(({ target }) => target.kind === 'aurora.source');
  const list = [...tables.map((table) => qualified(tableName(table))), 'polystore.heartbeat'].join(', ');
  const publication = quoteName(replicationNames.publication);
  return [
    `do $$
begin
  if exists (select from pg_catalog.pg_publication where pubname = ${quoteText(replicationNames.publication)}) then
    alter publication ${publication} set table ${list};
  else
    create publication ${publication} for table ${list};
  end if;
end $$`,
    `select pg_catalog.pg_create_logical_replication_slot(${quoteText(slot)}, 'pgoutput', false, false, true)
     where not exists (select from pg_catalog.pg_replication_slots where slot_name = ${quoteText(slot)})`,
  ];
}
