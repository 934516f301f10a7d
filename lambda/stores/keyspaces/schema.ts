import { PolystoreError } from '../../errors.ts';
import type { Catalog, KeyspacesTablePlacement, WideColumn, WideTable } from '../../model/index.ts';
import { notHeld, viewOf } from '../placement.ts';
import type { Placement } from '../store.ts';
import { limits } from './limits.ts';

/** Where a keyspace keeps its copies: AWS's three in a region, or so many in a datacentre of Cassandra. */
export type Replication =
  | { readonly kind: 'single-region' }
  | { readonly kind: 'datacentre'; readonly name: string; readonly copies: number };

/** A wide table with the view that it holds. */
export interface TableView {
  readonly table: WideTable;
  readonly view: KeyspacesTablePlacement;
}

/** @throws `not_supported` for a placement that is no wide table. */
export function tableViewOf(placement: Placement, table: WideTable): TableView {
  const { target } = placement;
  if (target.kind !== 'keyspaces.table') throw notHeld('The Keyspaces store', placement, 'hold rows of');
  return { view: target, table };
}

/** The table of a build. The first one is the model's; no name of another view's table ends as those after it do. */
export function physicalTable(catalog: Catalog, placement: Placement, build = 1): WideTable {
  const { entity } = placement;
  const view = viewOf(placement)?.name ?? '';
  const table = catalog.wideTables.find((each) => each.entity === entity.name && each.view === view);
  if (view === '' || table === undefined) throw notHeld('The Keyspaces store', placement, 'hold rows of');
  return build === 1 ? table : { ...table, name: `${table.name}__${build}` };
}

/** The table of what is known of the views. */
export function stateTableOf(catalog: Catalog): WideTable {
  const table = catalog.wideTables.find(({ view }) => view === '');
  if (table !== undefined) return table;
  throw new PolystoreError('internal', `The model ${catalog.name} has no views in Keyspaces.`);
}

/** A name in CQL, as it is written in the catalog. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const qualified = (keyspace: string, table: WideTable): string =>
  `${quote(keyspace)}.${quote(table.name)}`;

/** All columns of a table, those of its key first. */
export const columnsOf = ({ partitionKey, clustering, columns }: WideTable): readonly WideColumn[] => [
  ...partitionKey,
  ...clustering,
  ...columns,
];

export function renderKeyspace(keyspace: string, replication: Replication): string {
  const strategy =
    replication.kind === 'single-region'
      ? `{'class': 'SingleRegionStrategy'}`
      : `{'class': 'NetworkTopologyStrategy', '${replication.name.replaceAll("'", "''")}': ${replication.copies}}`;
  return `CREATE KEYSPACE IF NOT EXISTS ${quote(keyspace)} WITH replication = ${strategy}`;
}

/** Of tables and keyspaces, in characters. */
const maxName = 48;

/**
 * @throws PolystoreError `invalid_model` for more columns than a statement may write with a time to live, or a
 *   name that is too long.
 */
export function renderTable(keyspace: string, table: WideTable): string {
  if (table.name.length > maxName)
    throw new PolystoreError(
      'invalid_model',
      `The name of the table ${table.name} has ${table.name.length} characters; Keyspaces takes ${maxName}. Give the view ${table.view} a shorter one.`,
    );
  if (table.columns.length > limits.columnsWritten)
    throw new PolystoreError(
      'invalid_model',
      `The table ${table.name} has ${table.columns.length} columns beside its key; Keyspaces writes ${limits.columnsWritten} at once. Leave some out of the view's fields.`,
    );
  const names = (columns: readonly WideColumn[]): string => columns.map(({ name }) => quote(name)).join(', ');
  const columns = columnsOf(table).map(({ name, type }) => `${quote(name)} ${type}`);
  const order = table.clustering.map(
    ({ name, descending }) => `${quote(name)} ${descending ? 'DESC' : 'ASC'}`,
  );
  return [
    `CREATE TABLE IF NOT EXISTS ${qualified(keyspace, table)} (`,
    ...columns.map((column) => `  ${column},`),
    `  PRIMARY KEY ((${names(table.partitionKey)}), ${names(table.clustering)})`,
    `) WITH CLUSTERING ORDER BY (${order.join(', ')})`,
  ].join('\n');
}

/**
 * A table for another build in Keyspaces, where a default time to live, above 0, is what switches expiry on; every write
 * says its own, as with the tables that CloudFormation makes. Cassandra needs none, and refuses every deletion in a
 * table whose default ends after January 2038.
 */
export const renderServiceTable = (keyspace: string, table: WideTable): string =>
  `${renderTable(keyspace, table)} AND default_time_to_live = ${maxTtlSeconds}`;

export const renderDropTable = (keyspace: string, table: WideTable): string =>
  `DROP TABLE IF EXISTS ${qualified(keyspace, table)}`;

/** The longest that Keyspaces takes: 20 years. */
const maxTtlSeconds = 630_720_000;

/** The keyspace and its tables, as statements in their order. */
export const renderKeyspacesSchema = (
  catalog: Catalog,
  options: { readonly keyspace: string; readonly replication: Replication },
): readonly string[] => [
  renderKeyspace(options.keyspace, options.replication),
  ...catalog.wideTables.map((table) => renderTable(options.keyspace, table)),
];

export const renderAddColumn = (keyspace: string, table: WideTable, { name, type }: WideColumn): string =>
  `ALTER TABLE ${qualified(keyspace, table)} ADD ${quote(name)} ${type}`;
