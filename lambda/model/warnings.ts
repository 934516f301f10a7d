import type { Catalog, CatalogEntity, CatalogTerm, CatalogView } from './catalog.ts';
import { templateColumns } from './key-template.ts';
import { sizeClaims } from './size-claims.ts';

/**
 * What may be meant and may turn out badly: a sentence each, with entity, field and remedy. A model with
 * warnings works.
 */
export function warningsOf(catalog: Catalog): readonly string[] {
  return catalog.entities.flatMap((entity) => [
    ...fewPartitions(entity),
    ...openTexts(catalog, entity),
    ...growingPlaces(entity),
    ...forgottenEvents(entity),
  ]);
}

/** All warnings as the command line shows them; undefined when there is none. */
export function renderWarnings(catalog: Catalog): string | undefined {
  const warnings = warningsOf(catalog);
  if (warnings.length === 0) return undefined;
  return [
    `The model '${catalog.name}' works, and has ${warnings.length} warning(s):`,
    ...warnings.map((each) => `  - ${each}`),
  ].join('\n');
}

/**
 * A partition of a DynamoDB index takes 1,000 writes a second. One made of the tenant and of fields that
 * have few values holds a large part of the tenant's rows.
 */
function fewPartitions(entity: CatalogEntity): readonly string[] {
  const { source, tenant } = entity;
  if (source.kind !== 'dynamodb.source') return [];
  return source.indexes.flatMap((index) => {
    if (index.spread > 1) return [];
    const counts = templateColumns(index.partitionKey)
      .filter((name) => name !== tenant)
      .map((name) => valuesOf(entity, name));
    if (counts.includes(undefined)) return [];
    const partitions = counts.reduce<number>((product, count) => product * (count ?? 1), 1);
    const each = tenant === undefined ? 'all rows' : "each tenant's rows";
    return [
      `${entity.name}.source.indexes.${index.name} puts ${each} into ${partitions} partition(s) by few values, and DynamoDB writes 1,000 rows a second to one: lead the key with a field of many values, or declare a spread.`,
    ];
  });
}

/** How many values a column can have; undefined: many. */
function valuesOf(entity: CatalogEntity, name: string): number | undefined {
  const type = entity.columns.find((column) => column.name === name)?.type;
  if (type?.kind === 'boolean') return 2;
  return type?.kind === 'oneOf' ? type.values.length : undefined;
}

/** Texts without a bound in places that are bounded: a sentence for each text, with its tightest place. */
function openTexts(catalog: Catalog, entity: CatalogEntity): readonly string[] {
  const places = sizeClaims(entity, catalog.wideTables).flatMap(({ otherwise, bound, ...claim }) =>
    otherwise === undefined
      ? []
      : bound.open.map((name) => ({ ...claim, name, otherwise, left: claim.limit - bound.bytes })),
  );
  const names = [...new Set(places.map(({ name }) => name))];
  return names.map((name) => {
    const all = places.filter((place) => place.name === name);
    const tightest = all.reduce((least, place) => (place.left < least.left ? place : least));
    const { where, what, engine, left, otherwise } = tightest;
    const count = all.length === 1 ? 'in a place' : `in ${all.length} places`;
    return `${entity.name}.${fieldOf(entity, name)} is of any length and ${count} of bounded size: ${engine} leaves it ${left.toLocaleString('en-US')} bytes of ${what} (${where}), and ${otherwise}: declare text({ maxLength }).`;
  });
}

const fieldOf = (entity: CatalogEntity, name: string): string =>
  entity.columns.find((column) => column.name === name)?.field ?? name;

/** Places in a view that take in rows for ever, because nothing in their location moves on with time. */
function growingPlaces(entity: CatalogEntity): readonly string[] {
  return entity.views.flatMap((view) => {
    const by = placesOf(view);
    if (by === undefined || view.expire !== undefined) return [];
    const moves = by.some(({ column, unit }) => unit !== 'value' || isTime(entity, column));
    const isOneRow = entity.key.every((name) =>
      by.some(({ column, unit }) => column === name && unit === 'value'),
    );
    if (moves || isOneRow) return [];
    const names = by.map(({ column }) => fieldOf(entity, column)).join(', ') || 'nothing';
    return [
      `${entity.name}.views.${view.name} places rows by ${names}, so one place takes in rows for ever: add hour(…), day(…) or month(…) of a field to 'by', or let rows expire.`,
    ];
  });
}

/** What places are made of; undefined where a view has none, or keeps them small. */
function placesOf(view: CatalogView): readonly CatalogTerm[] | undefined {
  switch (view.kind) {
    case 'keyspaces.table':
    case 'redis.hash':
      return view.by;
    case 'redis.sortedSet':
      return view.limit === undefined ? view.by : undefined;
    // A geo index may grow: what is read of a place is near, not all there is.
    case 'redis.geo':
    // A rollup's places are months; days of a log and of the archive are places of their own.
    case 'keyspaces.rollup':
    case 'opensearch.log':
    case 'archive.parquet':
    case 'opensearch.index':
    case 'aurora.table':
      return undefined;
  }
}

/**
 * The change log keeps 7 days (DESIGN §4), and is all that events have: a view that lets rows go has let the last copy
 * go, and a view that is built anew begins at what the log still has.
 */
function forgottenEvents({ name, source, views }: CatalogEntity): readonly string[] {
  if (source.kind !== 'kafka.source' || views.some(({ kind }) => kind === 'archive.parquet')) return [];
  const forgetful = views
    .filter((view) => view.expire !== undefined || isLimited(view))
    .map((view) => view.name);
  const lost =
    forgetful.length === 0
      ? ''
      : `what ${forgetful.join(', ')} ${forgetful.length === 1 ? 'lets' : 'let'} go of is lost, and `;
  return [
    `${name} has its events in the change log alone, which forgets them after 7 days, and in no archive: ${lost}no view can be built anew from older ones: declare archive.parquet({ partitionBy: day(…) }).`,
  ];
}

const isLimited = (view: CatalogView): boolean => view.kind === 'redis.sortedSet' && view.limit !== undefined;

const isTime = (entity: CatalogEntity, name: string): boolean => {
  const kind = entity.columns.find((column) => column.name === name)?.type.kind;
  return kind === 'timestamp' || kind === 'date';
};
