import { knownRow } from '../placement.ts';
import type { Placement } from '../store.ts';
import type { Repair, RepairResult } from '../view-store.ts';
import { type BulkAction, type BulkSender, sendActions } from './bulk.ts';
import { isOver } from './lifecycle.ts';
import type { Lock } from './lock.ts';
import { lookUp } from './look-up.ts';
import { documentId, type Home, routingOf, searchView } from './names.ts';
import { type Hit, versionOf } from './read.ts';
import { type BulkItem, indexFor, parted, refusal, renderItem } from './write.ts';

export interface RepairContext {
  readonly sender: BulkSender;
  readonly home: Home;
  readonly placement: Placement;
  readonly nowMs: number;
  readonly lock: Lock;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** A repair with the index that it is in, and the document that was found there. */
interface Placed {
  readonly repair: Repair;
  readonly index: string;
  readonly hit: Hit | undefined;
}

/**
 * Puts each change in the place of exactly the version that was compared (DESIGN §4, rule 3). OpenSearch compares
 * either with a document's sequence number, and then counts its version on by one, or with its version, and then sets
 * it; never both. So a repair takes a way of its own to each version:
 *
 * - the same: the document is put unless a higher version is held, and views never go back;
 * - a higher one, or where nothing is held: the document takes the place of the very one that was found, by its
 *   sequence number, and then gets its version. Killed in between it lacks only that, and yields to all that is newer;
 * - a lower one: what is held is deleted unless a higher version is there by now, and the document put where nothing
 *   is any more. Killed in between the row is absent, and the next look finds it missing. Only here two repairs could
 *   take each other's outcome for what they had compared, so they take turns.
 */
export async function repairRows(context: RepairContext, repairs: readonly Repair[]): Promise<RepairResult> {
  const found = await findCompared(context, repairs);
  const same = found.filter(({ repair }) => repair.held === repair.change.version);
  const higher = found.filter(({ repair: { held, change } }) => held === undefined || held < change.version);
  const lower = found.filter(({ repair: { held, change } }) => held !== undefined && held > change.version);
  const done = new Set([
    ...(await put(context, same, 'external_gte')),
    ...(await raise(context, higher)),
    ...(lower.length === 0 ? [] : await context.lock(() => putLower(context, lower))),
  ]);
  return { repaired: done.size, moved: repairs.filter((repair) => !done.has(repair)) };
}

/** Those of which the view holds what was compared. It has no place for those of a day that is over, or that say none. */
async function findCompared(
  { sender, home, placement, nowMs }: RepairContext,
  repairs: readonly Repair[],
): Promise<readonly Placed[]> {
  const view = searchView(placement);
  const inPlace = repairs.flatMap((repair) => {
    const index = indexFor(view, home, repair.change);
    const isGone = index !== undefined && view.kind === 'opensearch.log' && isOver(view, index, nowMs);
    return index === undefined || isGone ? [] : [{ repair, index }];
  });
  if (inPlace.length === 0) return [];
  const keys = inPlace.map(({ repair }) => knownRow(repair.change));
  const hits = await lookUp(sender, { home, placement, keys, source: false });
  // An answer names the index, and an alias has one.
  const isLog = view.kind === 'opensearch.log';
  const held = new Map(hits.map((hit) => [`${isLog ? hit._index : home.all} ${hit._id}`, hit]));
  return inPlace
    .map((each) => ({
      ...each,
      hit: held.get(`${each.index} ${documentId(placement, each.repair.change.key)}`),
    }))
    .filter(({ repair, hit }) => (hit === undefined ? undefined : versionOf(hit)) === repair.held);
}

/** Those that were taken. What the view can never hold is not. */
async function put(
  { sender, placement, nowMs }: RepairContext,
  placed: readonly Placed[],
  over: 'external' | 'external_gte',
): Promise<readonly Repair[]> {
  const items = placed.flatMap((each): readonly (BulkItem & { readonly placed: Placed })[] => {
    const { repair, index } = each;
    const item = renderItem({ placement, change: repair.change, index, nowMs, over });
    return refusal(placement, item) === undefined ? [{ ...item, placed: each }] : [];
  });
  return (await send(sender, items)).map(({ repair }) => repair);
}

async function raise(context: RepairContext, placed: readonly Placed[]): Promise<readonly Repair[]> {
  const { sender, placement, nowMs } = context;
  const items = placed.flatMap((each): readonly (BulkItem & { readonly placed: Placed })[] => {
    const { repair, index, hit } = each;
    const item = renderItem({ placement, change: repair.change, index, nowMs, over: 'external' });
    if (refusal(placement, item) !== undefined) return [];
    const where = whereOf(placement, each);
    // A log's indices are made by their first document; that of a view must be there.
    const at = placement.target.kind === 'opensearch.index' ? { ...where, require_alias: true } : where;
    const action = hit === undefined ? { create: at } : { index: { ...at, ...guardOf(hit) } };
    return [{ ...item, lines: [JSON.stringify(action), item.lines[1]], placed: { ...each, index } }];
  });
  const taken = await send(sender, items);
  // Where a higher one has come by now, that one stays.
  await put(context, taken, 'external_gte');
  return taken.map(({ repair }) => repair);
}

/** OpenSearch tells the age of a deletion by a clock that it looks at five times a second. */
const forgottenAfterMs = 250;

async function putLower(context: RepairContext, placed: readonly Placed[]): Promise<readonly Repair[]> {
  const { sender, placement, sleep } = context;
  // Another repair may have had its turn meanwhile.
  const found = await findCompared(
    context,
    placed.map(({ repair }) => repair),
  );
  const deletions = found.map((each): BulkAction & { readonly placed: Placed } => {
    const where = JSON.stringify({ version_type: 'external_gte', ...whereOf(placement, each) });
    // As digits: a JavaScript number would round them.
    return { placed: each, lines: [`{"delete":{"version":${each.repair.held},${where.slice(1)}}`] };
  });
  const deleted = await send(sender, deletions);
  if (deleted.length === 0) return [];
  await sleep(forgottenAfterMs);
  return put(context, deleted, 'external');
}

const whereOf = (placement: Placement, { repair, index }: Placed) => {
  const routing = routingOf(placement, repair.change.key);
  return {
    _index: index,
    _id: documentId(placement, repair.change.key),
    ...(routing !== undefined && { routing }),
  };
};

const guardOf = ({ _seq_no, _primary_term }: Hit) => ({ if_seq_no: _seq_no, if_primary_term: _primary_term });

/** Those of some actions that were taken. */
async function send(
  sender: BulkSender,
  items: readonly (BulkAction & { readonly placed: Placed })[],
): Promise<readonly Placed[]> {
  const taken: Placed[] = [];
  for (const bulk of parted(items))
    for (const { item, outcome } of await sendActions(sender, bulk))
      if (outcome.kind === 'applied') taken.push(item.placed);
  return taken;
}
