import { createHash } from 'node:crypto';
import { snakeCase } from '../../model/index.ts';
import { notHeld, viewOf } from '../placement.ts';
import { quoteName, quoteText } from '../sql-quote.ts';
import type { Placement } from '../store.ts';

/** PostgreSQL cuts longer names off in silence (NAMEDATALEN − 1 bytes). */
const maxNameBytes = 63;

/** Schemas: machinery, source tables, view tables, and what a caller's SQL sees. */
export const schemas = {
  machinery: 'polystore',
  source: 'source',
  view: 'view',
  entities: 'entities',
} as const;

/**
 * Roles, none of which logs in. A login that may `connect` enters one of the others for the length of a
 * transaction.
 */
export const roles = {
  connect: 'polystore_connect',
  query: 'polystore_query',
  operator: 'polystore_operator',
  sync: 'polystore_sync',
} as const;

/** Shortens a name that is too long, keeping it distinct. */
export function fitName(name: string): string {
  if (Buffer.byteLength(name) <= maxNameBytes) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, maxNameBytes - 9)}_${hash}`;
}

export { quoteName, quoteText };

export const quoteNames = (names: readonly string[]): string => names.map(quoteName).join(', ');

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

export const qualified = ({ schema, table }: TableName): string => `${quoteName(schema)}.${quoteName(table)}`;

/**
 * Where a placement's rows lie, of a view those of the build that it names, or of the first. Two `_` keep
 * `flight` + `eventLog` apart from `flight_event` + `log`.
 */
export function tableName(placement: Placement): TableName {
  const { entity, target, build = 1 } = placement;
  if (target.kind === 'aurora.source') return { schema: schemas.source, table: fitName(entity.name) };
  if (target.kind === 'aurora.table')
    return {
      schema: schemas.view,
      table: fitName(
        `${entity.name}__${snakeCase(viewOf(placement)?.name ?? '')}${build === 1 ? '' : `__${build}`}`,
      ),
    };
  throw notHeld('The Aurora store', placement, 'hold');
}

/** What the comment of a month begins with that was taken out of a view and is to be dropped; the view's table follows. */
export const pastKeep = 'polystore: past the keep of ';

/** The partition of a month, given as `2013-01`. */
export const partitionName = (parent: TableName, month: string): TableName => ({
  schema: parent.schema,
  table: fitName(`${parent.table}_${month.replace('-', '_')}`),
});

/** Names of check constraints end in what they are for and a hash of their expression (`table-checks.ts`). */
const ownCheck = /^(.+)_(canonical|check)_[0-9a-f]{8}$/;
/** Whether a check constraint of a source table was made here. */
export const isOwnCheck = (constraint: string): boolean => ownCheck.test(constraint);
/** The check of the model that a constraint stands for. */
export function declaredCheck(constraint: string): string | undefined {
  const [, name, kind] = ownCheck.exec(constraint) ?? [];
  return kind === 'check' ? name : undefined;
}
