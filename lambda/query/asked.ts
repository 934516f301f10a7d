import type { Key } from '../change/change.ts';
import { type Domains, readDomains } from './domain.ts';
import { keysOf } from './locate.ts';
import type { Select } from './read-select.ts';
import { columnsSelected } from './selection.ts';

/** A select, and what every placement that is judged for it asks of it: read once. */
export interface Asked<S extends Select = Select> {
  readonly select: S;
  /** What its conditions say of each column. */
  readonly domains: Domains;
  /** The keys that they name; undefined: they name no few. */
  readonly keys: readonly Key[] | undefined;
  /** The columns that it needs of a placement which applies its conditions. */
  readonly needed: ReadonlySet<string>;
}

export function readAsked<S extends Select>(select: S): Asked<S> {
  const domains = readDomains(select.where);
  return { select, domains, keys: keysOf(select.entity, domains), needed: columnsSelected(select) };
}
