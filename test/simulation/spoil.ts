import type { Change } from '../../lambda/change/change.ts';
import type { Version } from '../../lambda/change/version.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import type { HeldRow, ViewStore } from '../../lambda/stores/view-store.ts';
import { hiddenSince } from './oracle.ts';
import type { Random } from './random.ts';
import { places } from './simulated-model.ts';
import { everything } from './view-watch.ts';

/**
 * Makes some rows of a view untrue: missing, stale, of the same version and different, shown in another place too.
 * @returns how many rows a reader now sees wrong
 */
export async function spoil(
  store: ViewStore,
  placement: Placement,
  { random, nowMs }: { readonly random: Random; readonly nowMs: number },
): Promise<number> {
  const view = 'name' in placement.target ? placement.target.name : '';
  const rows = await everything(store, placement);
  let spoiled = 0;
  for (const held of rows) {
    if (!random.chance(0.3)) continue;
    const { row, version } = held;
    const isShown = row !== undefined && (hiddenSince(view, row) ?? Number.POSITIVE_INFINITY) > nowMs;
    if (!isShown) continue;
    const how = random.pick(['missing', 'stale', 'different', 'extra'] as const);
    if ((how === 'extra' && view === 'list') || (how === 'stale' && version === 0n)) continue;
    const change = wrong(placement, held, how);
    const { repaired } = await store.repair(placement, [
      { change, held: how === 'extra' ? undefined : version },
    ]);
    spoiled += repaired;
  }
  return spoiled;
}

function wrong(
  placement: Placement,
  { key, version, row }: HeldRow,
  how: 'missing' | 'stale' | 'different' | 'extra',
): Change {
  const common = { entity: placement.entity.name, key };
  if (how === 'missing') return { kind: 'delete', ...common, version, before: { ...row } };
  if (how === 'extra')
    return {
      kind: 'upsert',
      ...common,
      version,
      row: { ...row, place: places.find((place) => place !== row?.place) ?? '' },
    };
  const spoiled = { ...row, note: `${row?.note} spoiled` };
  // One below a version is one: no source's position is 0 in the simulation.
  const older = (version - 1n) as Version;
  return { kind: 'upsert', ...common, version: how === 'stale' ? older : version, row: spoiled };
}
