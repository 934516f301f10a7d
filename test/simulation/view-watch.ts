import type { Change, Row } from '../../lambda/change/change.ts';
import type { ApplyResult, Placement } from '../../lambda/stores/store.ts';
import type {
  HeldRow,
  ProgressSpan,
  Repair,
  RepairResult,
  ViewStore,
} from '../../lambda/stores/view-store.ts';

/** Looks at a store after each thing that was done to it, for what DESIGN §4 forbids. */
export interface ViewWatch {
  applied(placement: Placement, changes: readonly Change[], result: ApplyResult): Promise<void>;
  repaired(placement: Placement, repairs: readonly Repair[], result: RepairResult): Promise<void>;
  swept(placement: Placement): Promise<void>;
  progressed(spans: readonly ProgressSpan[]): Promise<void>;
  activated(placement: Placement): Promise<void>;
  /** Whatever it holds now is right. */
  planted(placement: Placement): Promise<void>;
}

type Report = (problem: string) => void;

/** Seven days that the log keeps a record and two more (rule 2). */
const keepTombstonesMs = 9 * 24 * 3_600_000;

interface Seen extends HeldRow {
  /** When it was first seen as it is; milliseconds since the epoch. */
  readonly sinceMs: number;
}

/** The watch of a store that can be looked through whole after each step. */
export function createViewWatch(options: {
  readonly store: ViewStore;
  /** Whether a store is looked through after every step: a real one would take too long. */
  readonly looks: boolean;
  readonly now: () => number;
  /** When a view stops showing a row, in milliseconds since the epoch; undefined: never. */
  readonly hiddenSince: (placement: Placement, row: Row) => number | undefined;
  /** Key and version of the deletes on the log of a view. */
  readonly deletesOf: (placement: Placement) => ReadonlySet<string>;
  /** Judges what progress says that readers see. */
  readonly claimed: (spans: readonly ProgressSpan[]) => Promise<void>;
  readonly report: Report;
}): ViewWatch {
  const { store, now, hiddenSince, report } = options;
  const seen = new Map<string, Map<string, Seen>>();

  /** Compares each build of a view with what it was, and takes down what it is. */
  async function look(
    placement: Placement,
    judge: (name: string, before: Seen | undefined, after: HeldRow | undefined) => string | undefined,
  ): Promise<void> {
    if (!options.looks) return;
    for (const { number } of await store.builds(placement)) {
      const name = `${viewName(placement)}#${number}`;
      const before = seen.get(name) ?? new Map<string, Seen>();
      const after = new Map<string, Seen>();
      for (const row of await everything(store, { ...placement, build: number })) {
        const id = `${Object.values(row.key).join('|')} in ${row.place || 'the view'}`;
        const old = before.get(id);
        if (old?.version === row.version && old.row === row.row) {
          after.set(id, old);
          continue;
        }
        const same = old?.version === row.version && (old.row === undefined) === (row.row === undefined);
        after.set(id, { ...row, sinceMs: same ? old.sinceMs : now() });
      }
      seen.set(name, after);
      for (const id of new Set([...before.keys(), ...after.keys()])) {
        const [old, held] = [before.get(id), after.get(id)];
        if (old === held) continue;
        if (old?.version === held?.version && JSON.stringify(old?.row) === JSON.stringify(held?.row))
          continue;
        const problem = judge(name, old, held);
        if (problem !== undefined) report(`${name} ${id}: ${problem} (was ${told(old)}, is ${told(held)})`);
      }
    }
  }

  /** A build that takes the place of another must know of every delete that the other knows of (rule 2). */
  async function compareTombstones(placement: Placement): Promise<void> {
    const replaced = (await store.builds(placement)).findLast(({ state }) => state === 'retired');
    if (replaced === undefined) return;
    const keyOf = ({ key }: HeldRow): string => Object.values(key).join('|');
    const known = new Map<string, bigint>();
    for (const held of await everything(store, placement))
      if ((known.get(keyOf(held)) ?? -1n) < held.version) known.set(keyOf(held), held.version);
    const deletes = options.deletesOf(placement);
    for (const held of await everything(store, { ...placement, build: replaced.number })) {
      const id = `${keyOf(held)} ${held.version}`;
      if (held.row === undefined && deletes.has(id) && (known.get(keyOf(held)) ?? -1n) < held.version)
        report(`${viewName(placement)}#${placement.build} forgets the delete of ${id}`);
    }
  }

  return {
    applied: (placement, changes) =>
      look(placement, (_name, before, after) => {
        if (after === undefined) return 'applying changes removed what was held';
        if (before !== undefined && after.version < before.version) return 'rule 1: the view went back';
        if (before !== undefined && after.version === before.version)
          return 'rule 1: an equal version changed what readers see';
        return changes.some(({ version }) => version === after.version)
          ? undefined
          : 'it holds a version that it was not given';
      }),
    repaired: (placement, repairs) =>
      look(placement, (_name, before, after) =>
        repairs.some(({ held, change }) => held === before?.version && change.version === after?.version)
          ? undefined
          : 'rule 3: a repair replaced what was not compared',
      ),
    swept: (placement) =>
      look(placement, (_name, before, after) => {
        if (after !== undefined || before === undefined) return 'sweeping wrote something';
        const ended = before.row === undefined ? before.sinceMs : hiddenSince(placement, before.row);
        if (ended === undefined) return 'sweeping removed a row that readers see';
        return Math.max(ended, before.sinceMs) + keepTombstonesMs <= now()
          ? undefined
          : 'rule 2: swept while the log can still be applied again';
      }),
    progressed: options.claimed,
    planted: (placement) => look(placement, () => undefined),
    activated: async (placement) => {
      const active = { entity: placement.entity, target: placement.target };
      const spans = await store.readProgress([active]);
      await options.claimed(
        spans.map(({ offset, ...where }) => ({ ...where, placement: active, from: 0n, to: offset })),
      );
      await compareTombstones(placement);
    },
  };
}

/** All that a view holds. */
export async function everything(store: ViewStore, placement: Placement): Promise<readonly HeldRow[]> {
  const rows: HeldRow[] = [];
  let after: string | undefined;
  do {
    const page = await store.scan({ placement, after, limit: 1000 });
    rows.push(...page.rows);
    after = page.next;
  } while (after !== undefined);
  return rows;
}

const viewName = ({ entity, target }: Placement): string =>
  `${entity.name}.${'name' in target ? target.name : 'source'}`;

const told = (held: HeldRow | undefined): string =>
  held === undefined ? 'nothing' : `${held.row === undefined ? 'a tombstone' : 'a row'} at ${held.version}`;
