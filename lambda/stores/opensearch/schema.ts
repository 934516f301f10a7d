import { createHash } from 'node:crypto';
import { columnOf } from '../../model/index.ts';
import { heldColumns } from '../placement.ts';
import type { Placement } from '../store.ts';
import { bucketField, deletedField, keyField, orderField, orderTypeOf, versionField } from './field.ts';
import { aliasOf, buildIndex, buildName, dayPattern, homeOf, searchView, stateAlias } from './names.ts';

/** A field of a mapping, as OpenSearch takes it and gives it back. */
export interface MappedField {
  readonly type?: string;
  readonly analyzer?: string;
  readonly format?: string;
  readonly index?: boolean;
  readonly doc_values?: boolean;
  readonly fields?: Readonly<Record<string, MappedField>>;
  readonly properties?: Readonly<Record<string, MappedField>>;
}

export interface Mapping {
  readonly dynamic: 'strict' | false;
  readonly _routing?: { readonly required: true };
  readonly properties: Readonly<Record<string, MappedField>>;
}

/** How soon what was written is seen by searches, in milliseconds: the view's declared delay. */
const refreshIntervalMs = 500;

/** Settings that may be changed at any time. */
export const dynamicSettings = {
  refresh_interval: `${refreshIntervalMs}ms`,
  // A copy where there is a second node for it.
  auto_expand_replicas: '0-1',
  // Deletes are tombstones, documents as others. What is deleted truly, swept or repaired to a lower version, is to
  // be forgotten at once: else its version would refuse what is put in its place.
  gc_deletes: '0s',
} as const;

const text = { type: 'keyword' } as const satisfies MappedField;
/** Kept, and neither found nor counted by. */
const opaque = { type: 'keyword', index: false, doc_values: false } as const satisfies MappedField;

/** What each column becomes. What is not declared is refused (`strict`). */
export function renderMapping(placement: Placement): Mapping {
  const view = searchView(placement);
  const columns = heldColumns(placement);
  const ordered = columns.filter((column) => orderTypeOf(column) !== undefined);
  const fieldFor = (name: string): MappedField => {
    const { type } = columnOf(placement.entity, name);
    switch (type.kind) {
      case 'integer':
        return { type: 'integer' };
      case 'bigint':
        return { type: 'long' };
      case 'float':
        return { type: 'double' };
      case 'boolean':
        return { type: 'boolean' };
      case 'decimal':
      case 'bytes':
      case 'json':
        return opaque;
      case 'timestamp':
        // The text is exact and in the order of time; the date, cut to milliseconds, is for histograms.
        return { ...text, fields: { time: { type: 'date', format: 'strict_date_optional_time' } } };
      case 'date':
        return { ...text, fields: { time: { type: 'date', format: 'strict_date' } } };
      case 'text':
      case 'oneOf': {
        const searched = view.text.find((each) => each.column === name);
        return searched === undefined
          ? text
          : { ...text, fields: { words: { type: 'text', analyzer: searched.analyzer } } };
      }
    }
  };
  return {
    dynamic: 'strict',
    ...(placement.entity.tenant !== undefined && { _routing: { required: true } }),
    properties: {
      ...Object.fromEntries(columns.map(({ name }) => [name, fieldFor(name)])),
      ...(ordered.length > 0 && {
        [orderField]: { properties: Object.fromEntries(ordered.map(({ name }) => [name, text])) },
      }),
      [deletedField]: { type: 'date', format: 'epoch_millis' },
      [versionField]: opaque,
      [keyField]: opaque,
      [bucketField]: { type: 'integer', index: false },
    },
  };
}

/** A build as its schema needs it: those of a view that had one only are without numbers. */
export interface SchemaBuild {
  readonly number: number | undefined;
  /** Whether the alias of the view is of this one. */
  readonly active: boolean;
}

export const onlyBuild: SchemaBuild = { number: undefined, active: true };

interface SchemaBase {
  /** What the build is found by: the view's alias, or what is its own. */
  readonly all: string;
  readonly aliases: readonly string[];
  readonly mapping: Mapping;
  readonly settings: { readonly index: typeof dynamicSettings & { readonly number_of_shards: number } };
  /** Written into each index, for people. */
  readonly meta: Readonly<Record<string, string>>;
}

/** What is made for a build of a view: an index behind aliases, or the template of a log's days. */
export type SearchSchema = SchemaBase &
  (
    | { readonly kind: 'index'; readonly index: string }
    | { readonly kind: 'log'; readonly template: string; readonly pattern: string }
  );

export function renderSchema(model: string, placement: Placement, build: SchemaBuild): SearchSchema {
  const view = searchView(placement);
  const alias = aliasOf(model, placement, view);
  const { all, stem } = homeOf(alias, view, build.number);
  const base = {
    all,
    aliases: [
      ...(build.active ? [alias] : []),
      ...(view.kind === 'opensearch.index' && build.number !== undefined
        ? [buildName(alias, build.number)]
        : []),
    ],
    mapping: renderMapping(placement),
    meta: { model, entity: placement.entity.name, view: view.name },
  };
  const settings = (shards: number) => ({ index: { ...dynamicSettings, number_of_shards: shards } });
  return view.kind === 'opensearch.index'
    ? { kind: 'index', ...base, index: buildIndex(alias, build.number ?? 1), settings: settings(view.shards) }
    : { kind: 'log', ...base, template: stem, pattern: dayPattern(stem), settings: settings(1) };
}

/** The index of what a model knows of its views: documents that are read by their ids and never searched. */
export const renderStateIndex = (model: string): Extract<SearchSchema, { readonly kind: 'index' }> => ({
  kind: 'index',
  all: stateAlias(model),
  aliases: [stateAlias(model)],
  index: buildIndex(stateAlias(model), 1),
  mapping: { dynamic: false, properties: {} },
  settings: { index: { ...dynamicSettings, number_of_shards: 1 } },
  meta: { model },
});

/** Raised with the form of the templates. */
const templateVersion = 1;

/** The index template of a log. Its fingerprint tells whether the one that is there is another. */
export function renderTemplate({
  aliases,
  pattern,
  mapping,
  settings,
  meta,
}: SchemaBase & { readonly pattern: string }) {
  const template = { settings, mappings: { ...mapping, _meta: meta }, aliases: asAliases(aliases) };
  const fingerprint = createHash('sha256').update(JSON.stringify(template)).digest('hex');
  return {
    index_patterns: [pattern],
    priority: 200,
    version: templateVersion,
    _meta: { ...meta, fingerprint },
    template,
  };
}

/** Aliases as OpenSearch takes them with an index or a template. */
export const asAliases = (names: readonly string[]): Record<string, object> =>
  Object.fromEntries(names.map((name) => [name, {}]));

/** What a mapping lacks of the wanted one, and what in it is another than wanted and cannot be changed. */
export interface MappingDifference {
  readonly missing: Readonly<Record<string, MappedField>>;
  /** `name.words is text with the analyzer standard, and text with the analyzer english is wanted`. */
  readonly conflicts: string[];
}

/** Fields of columns that the model no longer has stay: they cost nothing and cannot be taken out. */
export function compareMappings(held: Partial<Mapping>, wanted: Mapping): MappingDifference {
  const differences = compareProperties('', held.properties, wanted.properties);
  const isRouted = held._routing?.required ?? false;
  return (wanted._routing?.required ?? false) === isRouted
    ? differences
    : { ...differences, conflicts: ['rows were placed with another tenant', ...differences.conflicts] };
}

type Properties = Readonly<Record<string, MappedField>>;

function compareProperties(
  path: string,
  held: Properties | undefined,
  wanted: Properties,
): MappingDifference {
  const conflicts: string[] = [];
  const missing: Record<string, MappedField> = {};
  for (const [name, field] of Object.entries(wanted)) {
    const there = held?.[name];
    if (there === undefined) {
      missing[name] = field;
      continue;
    }
    const [is, be] = [describe(there), describe(field)];
    if (is !== be) conflicts.push(`${path}${name} is ${is}, and ${be} is wanted`);
    // Another way to find what is held already: documents that are there have not been read for it.
    for (const [part, sub] of Object.entries(field.fields ?? {})) {
      const is = describe(there.fields?.[part] ?? {});
      if (is !== describe(sub))
        conflicts.push(`${path}${name}.${part} is ${is}, and ${describe(sub)} is wanted`);
    }
    const inner = compareProperties(`${path}${name}.`, there.properties, field.properties ?? {});
    conflicts.push(...inner.conflicts);
    if (Object.keys(inner.missing).length > 0) missing[name] = { properties: inner.missing };
  }
  return { missing, conflicts };
}

/** What of a field cannot be changed once it is there. */
function describe({ type, analyzer, format, index, doc_values, properties }: MappedField): string {
  return [
    type ?? (properties === undefined ? 'not there' : 'an object'),
    ...(analyzer === undefined ? [] : [`with the analyzer ${analyzer}`]),
    ...(format === undefined ? [] : [`of the format ${format}`]),
    ...(index === false ? ['without an index'] : []),
    ...(doc_values === false ? ['without values'] : []),
  ].join(' ');
}
