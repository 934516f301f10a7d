import type { Change, Key } from '../../lambda/change/change.ts';
import type { Version } from '../../lambda/change/version.ts';
import type { ApplyResult, Placement } from '../../lambda/stores/store.ts';
import type { RepairResult, ViewStore } from '../../lambda/stores/view-store.ts';
import type { DeployedCode } from './deployed-code.ts';
import type { Random } from './random.ts';
import type { Running, Scheduler } from './scheduler.ts';
import type { ViewWatch } from './view-watch.ts';

/** The highest version of a key that a view was given and refused. */
export interface Refusal {
  readonly placement: Placement;
  readonly key: Key;
  readonly version: Version;
}

/** A store of views behind a network, and what is wrong with it. */
export interface FaultyStore {
  /** The port, as a process sees it. */
  open(running: Running): ViewStore;
  /** While it is down every request to it fails. */
  isDown: boolean;
  /** Until then it refuses rows whose note is `refused`. */
  isMended: boolean;
  /** What it has refused, by view and key. */
  readonly refused: Map<string, Refusal>;
  /** The store itself, for whoever judges. */
  readonly inner: ViewStore;
  readonly watch: ViewWatch;
}

export function createFaultyStore(options: {
  readonly name: string;
  readonly inner: ViewStore;
  readonly watch: ViewWatch;
  readonly code: DeployedCode;
  readonly scheduler: Scheduler;
  readonly random: Random;
}): FaultyStore {
  const { name, inner, watch, code, scheduler, random } = options;
  const unavailable = () =>
    new code.errors.PolystoreError('store_unavailable', `${name} did not answer in time`);

  const open = (running: Running): ViewStore => {
    const step = <T>(what: string, effect: () => Promise<T>): Promise<T> =>
      scheduler.step(running.process, {
        label: `${name} ${what}`,
        failure: unavailable,
        effect: () => {
          if (store.isDown) throw unavailable();
          return effect();
        },
      });
    /** An engine takes a batch in parts, and may fail between them. */
    const inParts = async <T, R>(
      items: readonly T[],
      send: (part: readonly T[]) => Promise<R>,
    ): Promise<readonly R[]> => {
      const results: R[] = [];
      for (let start = 0; start < items.length; ) {
        const size = random.chance(0.6) ? items.length - start : random.integer(1, items.length - start);
        results.push(await send(items.slice(start, start + size)));
        start += size;
      }
      return results;
    };
    return {
      ...inner,
      apply: async (placement, changes) => {
        const refused = store.isMended ? [] : changes.filter(isRefused);
        // What a job is refused it is refused again by the next, at a version of its own.
        for (const { key, version } of running.process.name.startsWith('project') ? [] : refused) {
          const id = `${nameOf(placement)} ${Object.values(key).join('|')}`;
          if ((store.refused.get(id)?.version ?? -1n) < version)
            store.refused.set(id, { placement, key, version });
        }
        const taken = changes.filter((change) => !refused.includes(change));
        const results = await inParts(taken, (part) =>
          step(`applies ${namesOf(part)} to ${nameOf(placement)}`, async () => {
            const result = await inner.apply(placement, part);
            await watch.applied(placement, part, result);
            return result;
          }),
        );
        return added(results, refused);
      },
      repair: async (placement, repairs) => {
        const results = await inParts(repairs, (part) =>
          step(`repairs ${namesOf(part.map(({ change }) => change))} in ${nameOf(placement)}`, async () => {
            const result = await inner.repair(placement, part);
            await watch.repaired(placement, part, result);
            return result;
          }),
        );
        return {
          repaired: results.reduce((sum, { repaired }) => sum + repaired, 0),
          moved: results.flatMap(({ moved }) => moved),
        } satisfies RepairResult;
      },
      sweep: (placement) =>
        step(`sweeps ${nameOf(placement)}`, async () => {
          const result = await inner.sweep(placement);
          await watch.swept(placement);
          return result;
        }),
      saveProgress: (spans) =>
        step(
          `saves progress ${spans.map((span) => `${span.topic}/${span.partition} ${span.from}–${span.to}`)}`,
          async () => {
            const result = await inner.saveProgress(spans);
            await watch.progressed(spans);
            return result;
          },
        ),
      read: (fragment) => step(`reads ${nameOf(fragment.placement)}`, () => inner.read(fragment)),
      versions: (placement, keys) =>
        step(`tells versions of ${nameOf(placement)}`, () => inner.versions(placement, keys)),
      scan: (request) => step(`scans ${nameOf(request.placement)}`, () => inner.scan(request)),
      digest: (request) => step(`digests ${nameOf(request.placement)}`, () => inner.digest(request)),
      readProgress: (placements) => step('tells progress', () => inner.readProgress(placements)),
      builds: (placement) => step(`lists builds of ${nameOf(placement)}`, () => inner.builds(placement)),
      beginBuild: (placement) =>
        step(`begins a build of ${nameOf(placement)}`, () => inner.beginBuild(placement)),
      activateBuild: (placement) =>
        step(`activates ${nameOf(placement)}`, async () => {
          await inner.activateBuild(placement);
          await watch.activated(placement);
        }),
      dropBuild: (placement) => step(`drops ${nameOf(placement)}`, () => inner.dropBuild(placement)),
      close: async () => {},
    };
  };
  const store: FaultyStore = { open, isDown: false, isMended: false, refused: new Map(), inner, watch };
  return store;
}

const isRefused = (change: Change): boolean => change.kind === 'upsert' && change.row.note === 'refused';

const added = (results: readonly ApplyResult[], refused: readonly Change[]): ApplyResult => ({
  applied: results.reduce((sum, { applied }) => sum + applied, 0),
  stale: results.reduce((sum, { stale }) => sum + stale, 0),
  rejected: [
    ...results.flatMap(({ rejected }) => rejected),
    ...refused.map((change) => ({ change, reason: 'the note is refused' })),
  ],
});

export const nameOf = ({ entity, target, build }: Placement): string =>
  `${entity.name}.${'name' in target ? target.name : 'source'}${build === undefined ? '' : `#${build}`}`;

const namesOf = (changes: readonly Change[]): string =>
  changes
    .map(
      ({ kind, key, version }) => `${kind === 'delete' ? '−' : ''}${Object.values(key).join('|')}@${version}`,
    )
    .join(' ');
