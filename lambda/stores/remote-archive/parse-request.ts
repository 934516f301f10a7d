import * as z from 'zod/mini';
import { PolystoreError } from '../../errors.ts';
import {
  type Catalog,
  type CatalogColumn,
  type CatalogEntity,
  type Json,
  storeOf,
} from '../../model/index.ts';
import { placementName } from '../placement.ts';
import type { Condition } from '../predicate.ts';
import type { FilterFragment, Fragment, Placement } from '../store.ts';
import type { ArchiveRequest } from './request.ts';

const value = z.json();
const row = z.record(z.string(), value);
const limit = z.int().check(z.minimum(0));
const column = z.string();
const placement = z.string();

type NamedCondition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly NamedCondition[] }
  | { readonly kind: 'not'; readonly of: NamedCondition }
  | {
      readonly kind: 'compare';
      readonly column: string;
      readonly operator: '=' | '<>' | '<' | '<=' | '>' | '>=';
      readonly value: Json;
    }
  | { readonly kind: 'in'; readonly column: string; readonly values: readonly Json[] }
  | { readonly kind: 'isNull'; readonly column: string };
const condition: z.ZodMiniType<NamedCondition> = z.lazy(() =>
  z.union([
    z.strictObject({ kind: z.enum(['and', 'or']), of: z.array(condition) }),
    z.strictObject({ kind: z.literal('not'), of: condition }),
    z.strictObject({
      kind: z.literal('compare'),
      column,
      operator: z.enum(['=', '<>', '<', '<=', '>', '>=']),
      value,
    }),
    z.strictObject({ kind: z.literal('in'), column, values: z.array(value) }),
    z.strictObject({ kind: z.literal('isNull'), column }),
  ]),
);
const selection = {
  placement,
  where: z.array(condition),
  match: z.array(z.strictObject({ column, words: z.string() })),
};
const fragment = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('keys'), placement, keys: z.array(row) }),
  z.strictObject({
    kind: z.literal('slice'),
    placement,
    index: z.optional(z.string()),
    equal: row,
    from: z.optional(value),
    to: z.optional(value),
    order: z.enum(['ascending', 'descending']),
    limit: z.optional(limit),
  }),
  z.strictObject({
    kind: z.literal('filter'),
    ...selection,
    columns: z.optional(z.array(column)),
    order: z.union([
      z.literal('score'),
      z.array(z.strictObject({ column, descending: z.boolean(), nullsFirst: z.boolean() })),
    ]),
    highlight: z.array(z.string()),
    limit,
  }),
]);
const digits = z.string().check(z.regex(/^[1-9]\d{0,18}$/));
const instant = z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/));
const grouping = z.union([
  z.enum(['value', 'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year']),
  z.strictObject({ kind: z.literal('bin'), width: digits, origin: instant }),
  z.strictObject({ kind: z.literal('quotient'), divisor: digits }),
]);
const aggregate = z.strictObject({
  ...selection,
  groups: z.array(z.strictObject({ as: z.string(), column, unit: grouping })),
  aggregates: z.array(
    z.strictObject({
      as: z.string(),
      function: z.enum(['count', 'count distinct', 'sum', 'min', 'max']),
      column: z.optional(column),
    }),
  ),
  maxGroups: limit,
});
const request = z.union([
  z.strictObject({ read: fragment }),
  z.strictObject({ aggregate }),
  z.strictObject({ versions: z.strictObject({ placement, keys: z.array(row) }) }),
  z.strictObject({ health: z.literal(true) }),
]);

/**
 * Reads what the function was invoked with.
 * @throws PolystoreError `invalid_request` for another form, or names that this model does not have.
 */
export function parseArchiveRequest(catalog: Catalog, event: unknown): ArchiveRequest {
  const parsed = z.safeParse(request, event);
  if (!parsed.success)
    throw invalid(
      `is not of the documented form: ${z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ').slice(0, 500)}`,
    );
  const { data } = parsed;
  if ('health' in data) return { kind: 'health' };
  if ('versions' in data)
    return {
      kind: 'versions',
      placement: placementIn(catalog, data.versions.placement),
      keys: data.versions.keys,
    };
  if ('read' in data) return { kind: 'read', fragment: fragmentOf(catalog, data.read) };
  const { aggregate: asked } = data;
  const held = placementIn(catalog, asked.placement);
  const { entity } = held;
  return {
    kind: 'aggregate',
    fragment: {
      ...asked,
      placement: held,
      where: asked.where.map((each) => conditionOf(entity, each)),
      groups: asked.groups.map((group) => ({ ...group, column: columnIn(entity, group.column) })),
      aggregates: asked.aggregates.map((each) => ({
        as: each.as,
        function: each.function,
        column: each.column === undefined ? undefined : columnIn(entity, each.column),
      })),
    },
  };
}

function fragmentOf(catalog: Catalog, asked: z.infer<typeof fragment>): Fragment {
  const held = placementIn(catalog, asked.placement);
  switch (asked.kind) {
    case 'keys':
      return { kind: 'keys', placement: held, keys: asked.keys };
    case 'slice': {
      const { index, from, to, limit: most } = asked;
      return { ...asked, placement: held, index, from, to, limit: most };
    }
    case 'filter': {
      const { entity } = held;
      const order: FilterFragment['order'] =
        asked.order === 'score'
          ? 'score'
          : asked.order.map((term) => ({ ...term, column: columnIn(entity, term.column) }));
      const where = asked.where.map((each) => conditionOf(entity, each));
      const columns = asked.columns?.map((name) => columnIn(entity, name));
      return { ...asked, placement: held, columns, where, order };
    }
  }
}

/** A view in the archive by its name. @throws PolystoreError `invalid_request` */
export function placementIn(catalog: Catalog, name: string): Placement {
  const held = catalog.entities
    .flatMap((entity) => entity.views.map((target): Placement => ({ entity, target })))
    .filter(({ target }) => storeOf(target) === 'archive');
  const found = held.find((candidate) => placementName(candidate) === name);
  if (found !== undefined) return found;
  throw invalid(
    `names ${name}, which the archive does not hold; it holds ${held.map(placementName).join(', ') || 'nothing'}`,
  );
}

function columnIn(entity: CatalogEntity, name: string): CatalogColumn {
  const found = entity.columns.find((candidate) => candidate.name === name);
  if (found !== undefined) return found;
  throw invalid(
    `names ${name}, which is no column of ${entity.name}; its columns are ${entity.columns.map((each) => each.name).join(', ')}`,
  );
}

function conditionOf(entity: CatalogEntity, named: NamedCondition): Condition {
  switch (named.kind) {
    case 'and':
    case 'or':
      return { kind: named.kind, of: named.of.map((part) => conditionOf(entity, part)) };
    case 'not':
      return { kind: 'not', of: conditionOf(entity, named.of) };
    default:
      return { ...named, column: columnIn(entity, named.column) };
  }
}

const invalid = (what: string): PolystoreError =>
  new PolystoreError('invalid_request', `The request to the archive's function ${what}.`);
