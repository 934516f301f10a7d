import type pg from 'pg';
import { PolystoreError } from '../../errors.ts';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import { meantBuild } from '../view-builds.ts';
import type { Build } from '../view-store.ts';
import { quoteText } from './names.ts';

/** The builds of a view, oldest first. */
export type BuildsOf = (view: Placement) => readonly Build[];

const first: readonly Build[] = [{ number: 1, state: 'active' }];

/** What every view has before another build is begun. */
export const onlyFirst: BuildsOf = () => first;

export function activeOf(builds: readonly Build[]): number {
  const active = builds.find(({ state }) => state === 'active');
  if (active !== undefined) return active.number;
  throw new PolystoreError(
    'internal',
    'polystore.view_build has builds of a view and none is active. Set one of them to active',
  );
}

interface BuildRow extends Build {
  readonly view: string;
}

/** The builds of all views, before the schema is there too. */
export async function readAllBuilds(client: pg.ClientBase): Promise<BuildsOf> {
  const there = await client.query("select where to_regclass('polystore.view_build') is not null");
  if (there.rowCount === 0) return onlyFirst;
  const { rows } = await client.query<BuildRow>(
    "select view, number, state from polystore.view_build where state <> 'dropped' order by number",
  );
  const views = Map.groupBy(rows, ({ view }) => view);
  return (placement) =>
    views.get(placementName(placement))?.map(({ number, state }) => ({ number, state })) ?? first;
}

const buildsQuery = (placement: Placement): string =>
  `select number, state from polystore.view_build
   where view = ${quoteText(placementName(placement))} and state <> 'dropped' order by number`;

export async function readBuilds(client: pg.ClientBase, placement: Placement): Promise<readonly Build[]> {
  const { rows } = await client.query<Build>(buildsQuery(placement));
  return rows.length === 0 ? first : rows;
}

const lockOf = (placement: Placement): string =>
  `pg_catalog.hashtext('polystore.build'), pg_catalog.hashtext(${quoteText(placementName(placement))})`;

/**
 * The builds of a view, which stay as they are until the transaction ends. Two statements in one request: the
 * second has a snapshot from after the lock.
 */
export async function holdBuilds(client: pg.ClientBase, placement: Placement): Promise<readonly Build[]> {
  // pg answers several statements with several results, which its types do not say.
  const results = (await client.query(
    `select pg_catalog.pg_advisory_xact_lock_shared(${lockOf(placement)}); ${buildsQuery(placement)}`,
  )) as unknown as readonly [pg.QueryResult, pg.QueryResult<Build>];
  const { rows } = results[1];
  return rows.length === 0 ? first : rows;
}

/** Waits until nobody writes by what is there now, and lets nobody begin to until the transaction ends. */
export const lockBuilds = (placement: Placement): string =>
  `select pg_catalog.pg_advisory_xact_lock(${lockOf(placement)})`;

/** The placement with the build that it means: the one that it names, or the active one. */
export function resolve(placement: Placement, builds: readonly Build[]): Placement {
  if (placement.target.kind !== 'aurora.table') return placement;
  return { ...placement, build: meantBuild(placement, builds, activeOf) };
}

/** All that `apply` writes to: the build that is named, or each, the active one first. */
export function written(placement: Placement, builds: readonly Build[]): readonly Placement[] {
  if (placement.build !== undefined) return [resolve(placement, builds)];
  const active = activeOf(builds);
  const others = builds.map(({ number }) => number).filter((number) => number !== active);
  return [active, ...others].map((build) => ({ ...placement, build }));
}
