import type { Change, Row } from '../change/change.ts';
import { decodeRecord } from '../change/decode.ts';
import type { LoggedRecord } from '../change/envelope.ts';
import type { CatalogEntity } from '../model/index.ts';
import { storeOf } from '../model/index.ts';
import { knownRow, placementName } from '../stores/placement.ts';
import type { Placement } from '../stores/store.ts';
import type { JobTools } from './job-tools.ts';
import type { KeptLetter } from './letter-item.ts';
import { type Projected, projectKeys } from './project.ts';
import { storeOfView } from './sync-stores.ts';

/** What retrying a letter came to. */
export type Retried =
  | { readonly kind: 'mended'; readonly note: string }
  /** It stays open, for this reason. */
  | { readonly kind: 'open'; readonly reason: string }
  /** Only filling the view from its source makes it good. */
  | { readonly kind: 'backfill'; readonly entity: string; readonly views: readonly string[] };

/**
 * Does what makes a dead letter good, if its cause is mended: an event applies its own payload; of every other change
 * the truth of its key is read at the source; a record that could not be read is decoded again.
 */
export async function retryLetter(
  tools: Pick<JobTools, 'catalog' | 'stores'>,
  letter: KeptLetter,
): Promise<Retried> {
  const target = targetOf(tools, letter);
  if (target === undefined)
    return {
      kind: 'open',
      reason: `no view of the model ${tools.catalog.name} lacks it: ${letter.scope} has none in ${letter.store}. Discard it with a reason`,
    };
  if (letter.retry === 'view') return backfill(target);
  const { record } = letter;
  const decoded = record === undefined ? undefined : decodeRecord(target.entity, record);
  if (target.entity.source.kind !== 'kafka.source') {
    const known = knownOf(letter, decoded?.kind === 'change' ? decoded.change : undefined);
    if (known !== undefined) return projectKey(tools, target, known);
  }
  if (record === undefined || decoded === undefined) return lost(letter);
  switch (decoded.kind) {
    case 'poison':
      return { kind: 'open', reason: decoded.reason };
    case 'ignored':
      return { kind: 'mended', note: decoded.reason };
    case 'truncate':
      return backfill(target);
    case 'incomplete':
      return projectKey(tools, target, decoded.key);
    case 'change':
      return target.entity.source.kind === 'kafka.source'
        ? applyPayload(tools, target, decoded.change)
        : projectKey(tools, target, knownRow(decoded.change));
  }
}

interface Target {
  readonly entity: CatalogEntity;
  readonly views: readonly Placement[];
}

/** The views with the hole: one, or all of an entity in the letter's store. */
function targetOf({ catalog }: Pick<JobTools, 'catalog'>, letter: KeptLetter): Target | undefined {
  const [name, view] = letter.scope.split('.');
  const entity = catalog.entities.find((each) => each.name === name || each.topic === letter.scope);
  const views = (entity?.views ?? []).filter(
    (each) =>
      // What capture has not seen every view lacks.
      (letter.store === 'capture' || storeOf(each) === letter.store) &&
      (view === undefined || each.name === view || entity?.topic === letter.scope),
  );
  if (entity === undefined || views.length === 0) return undefined;
  return { entity, views: views.map((target) => ({ entity, target })) };
}

const backfill = ({ entity, views }: Target): Retried => ({
  kind: 'backfill',
  entity: entity.name,
  views: views.map(placementName),
});

/** What is known of the letter's row: what its record says, or its key. */
function knownOf({ key }: KeptLetter, change: Change | undefined): Row | undefined {
  if (change !== undefined) return knownRow(change);
  // `keyText` made it: pairs of a column and its value.
  return key === undefined ? undefined : (Object.fromEntries(JSON.parse(key) as [string, never][]) as Row);
}

async function projectKey(
  { stores }: Pick<JobTools, 'stores'>,
  { entity, views }: Target,
  known: Row,
): Promise<Retried> {
  // A delete says what the row was, which need not be where it is now: the source tells both.
  const {
    views: projected,
    unknown,
    unreadable,
  } = await projectKeys(stores, { entity, views, known: [known] });
  if (unknown.length > 0)
    return {
      kind: 'open',
      reason: `the source does not tell its row: ${unreadable[0]?.reason ?? 'no answer'}`,
    };
  return judge(projected, 'projected from the source');
}

async function applyPayload(
  { stores }: Pick<JobTools, 'stores'>,
  { views }: Target,
  change: Change,
): Promise<Retried> {
  const projected = await Promise.all(
    views.map(async (placement) => ({
      placement,
      removed: 0,
      ...(await storeOfView(stores, placement).apply(placement, [change])),
    })),
  );
  return judge(projected, 'its own payload was applied');
}

function judge(projected: readonly Projected[], note: string): Retried {
  const [first] = projected.flatMap(({ rejected }) => rejected);
  return first === undefined ? { kind: 'mended', note } : { kind: 'open', reason: first.reason };
}

const lost = ({ topic, partition, offset }: LoggedRecord | KeptLetter): Retried => ({
  kind: 'open',
  reason: `the record was too large to be kept, and only it says what is to be done: look at ${topic}, partition ${partition}, offset ${offset}, then backfill the view and discard the letter`,
});
