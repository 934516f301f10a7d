import { PolystoreError } from '../errors.ts';
import { entityOf } from '../model/index.ts';
import { placementName } from '../stores/placement.ts';
import { beginBackfill } from './backfill.ts';
import { beginFillIndex } from './fill-index.ts';
import type { JobTools } from './job-tools.ts';
import { hasEnded, type Job, type Jobs } from './jobs.ts';
import type { LetterDesk } from './letter-desk.ts';
import type { LetterRef, SeenLetter } from './letter-item.ts';
import { renderLetter, renderLetterLine } from './letter-view.ts';
import type { MaintainRequest } from './maintain-request.ts';
import { abortRebuild, restartCheck } from './rebuild.ts';
import { runJob } from './run-job.ts';
import { selectViews } from './sync-stores.ts';
import { beginTend } from './tend.ts';
import { readViewStatus, type StatusTools } from './view-status.ts';
import { viewNamed, type Work, workKinds } from './work.ts';

export interface MaintainOptions {
  readonly tools: JobTools;
  readonly jobs: Jobs;
  readonly desk: LetterDesk;
  /** Leases and slices are told by it, and `untilMs`. */
  readonly steadyClock: JobTools['clock'];
  /** Of which records a view has open letters. */
  readonly findHoles: StatusTools['findHoles'];
  /** @throws PolystoreError `slot_lost` and others, when changes can no longer be captured. */
  readonly checkCapture: () => Promise<void>;
  /** A text that no other job has, such as four random characters. */
  readonly newId: () => string;
}

/** The last sample is looked for among so many of the latest comparisons. */
const mostComparisons = 100;

/** How long the last jobs' single steps may go on when the time is up: a function is stopped well after it. */
const mostOverrunMs = 5_000;

/**
 * What the function `project` does when it is asked: begins and continues jobs, shows and retries dead letters, says how
 * far views are. A job makes one step at least, and begins no other later than `untilMs`: whoever asked asks again until
 * it is done.
 */
export function createMaintain(options: MaintainOptions) {
  const { tools, jobs, desk, newId } = options;
  const { catalog } = tools;
  const clock = options.steadyClock;
  const onDone = async ({ id, work }: Job): Promise<void> => {
    if (work.kind === 'backfill' && work.state.counts.unreadable === 0)
      await desk.closeFilled(work.closes, id);
  };
  const run = (id: string, untilMs: number): Promise<Job> =>
    runJob({ jobs, tools, clock, untilMs, onDone }, id);
  const begin = async (work: Work, untilMs: number): Promise<Job> => {
    const { id } = await jobs.create({
      id: `${work.kind}-${new Date(clock()).toISOString()}-${newId()}`,
      work,
      // Two would fill one build, and the first to end would drop it under the other.
      ...(work.kind === 'rebuild' && { alone: `rebuild ${work.entity}.${work.view}` }),
    });
    return run(id, untilMs);
  };
  const lastVerify = async (): Promise<Extract<Work, { readonly kind: 'verify' }> | undefined> => {
    for (const { work } of await jobs.ended('verify', mostComparisons))
      if (work.kind === 'verify' && work.sample !== null) return work;
    return undefined;
  };
  const latest = async (limit: number): Promise<readonly Job[]> => {
    const ended = await Promise.all(workKinds.map((kind) => jobs.ended(kind, limit)));
    return [...(await jobs.open()), ...ended.flat()]
      .sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
      .slice(0, limit);
  };
  const stop = async (id: string): Promise<Job> => {
    const job = await jobs.get(id);
    if (hasEnded(job) || job.status === 'stopped') return job;
    return jobs.save(job, { status: 'stopped', leaseUntilMs: 0, problem: 'stopped on request' });
  };
  /** Goes on with what nobody is at, in turn: those first that have waited longest, each for its share of the time. */
  const continueAll = async (untilMs: number): Promise<readonly Job[]> => {
    const due = (await jobs.open())
      .filter(({ status, leaseUntilMs }) => status === 'running' && leaseUntilMs <= clock())
      .sort((a, b) => (a.updatedAt < b.updatedAt ? -1 : 1));
    const done: Job[] = [];
    for (const [index, { id }] of due.entries()) {
      const leftMs = untilMs - clock();
      // Each makes a step at least. What gets no turn now has waited longest the next time.
      if (leftMs < -mostOverrunMs) break;
      try {
        done.push(await run(id, clock() + leftMs / (due.length - index)));
      } catch (error) {
        // Someone else was quicker.
        if (!(error instanceof PolystoreError) || error.code !== 'conflict') throw error;
      }
    }
    return done;
  };
  const retryDue = async (untilMs: number) => {
    const { mended, open, backfills } = await desk.retryDue(untilMs);
    for (const { letter, views } of backfills) await fillFor(letter, views, untilMs);
    return { mended, open, backfills: backfills.length };
  };
  /** A letter that only a backfill makes good is closed by the one that is done. */
  const fillFor = async (letter: SeenLetter, views: readonly string[], untilMs: number): Promise<void> => {
    const running = (await jobs.open()).some(
      ({ work }) => work.kind === 'backfill' && isFor(work.closes, letter),
    );
    if (running) return;
    for (const [index, name] of views.entries()) {
      const { entity, target } = viewNamed(tools, name);
      await begin(
        {
          kind: 'backfill',
          entity: entity.name,
          view: 'name' in target ? target.name : null,
          state: beginBackfill(entity),
          closes: index === views.length - 1 ? [seenOf(letter)] : [],
        },
        untilMs,
      );
    }
  };

  const revived = (work: Work): Work =>
    work.kind === 'rebuild'
      ? {
          ...work,
          state: restartCheck(viewNamed(tools, `${work.entity}.${work.view}`), work.state),
        }
      : work;

  return async (request: MaintainRequest, untilMs: number): Promise<unknown> => {
    switch (request.command) {
      case 'backfill': {
        const [placement] = selectViews(catalog, { entity: request.entity, view: request.view });
        if (placement === undefined)
          throw new PolystoreError('invalid_request', `${request.entity} has no view to fill.`);
        const { entity } = placement;
        const state = beginBackfill(entityOf(catalog, entity.name));
        const view = request.view ?? null;
        return begin({ kind: 'backfill', entity: entity.name, view, state, closes: [] }, untilMs);
      }
      case 'rebuild': {
        const { entity, target } = viewNamed(tools, request.view);
        const view = 'name' in target ? target.name : '';
        return begin({ kind: 'rebuild', entity: entity.name, view, state: { phase: 'begin' } }, untilMs);
      }
      case 'verify': {
        const views = selectViews(catalog, { entity: request.entity, view: request.view });
        const sample = request.sample ?? null;
        const from = sample === null ? {} : ((await lastVerify())?.from ?? {});
        const left = views.map(placementName);
        const { repair = false } = request;
        return begin(
          { kind: 'verify', repair, sample, from, left, state: null, results: {}, refused: {} },
          untilMs,
        );
      }
      case 'check-capture':
        await options.checkCapture();
        return {};
      case 'sweep':
        return begin(
          {
            kind: 'sweep',
            left: selectViews(catalog, { entity: undefined, view: undefined }).map(placementName),
            swept: 0,
            refused: {},
          },
          untilMs,
        );
      case 'tend': {
        // One that takes longer than the clock's next turn is gone on with.
        const open = (await jobs.open()).find(({ work }) => work.kind === 'tend');
        return open === undefined ? begin(beginTend, untilMs) : run(await revive(open.id), untilMs);
      }
      case 'fill-index':
        return begin(beginFillIndex(catalog, request.index), untilMs);
      case 'continue':
        if (request.id === undefined) return { jobs: await continueAll(untilMs) };
        return run(await revive(request.id), untilMs);
      case 'jobs':
        return { jobs: await latest(request.limit ?? 20) };
      case 'job':
        return jobs.get(request.id);
      case 'stop':
        return stop(request.id);
      case 'abort': {
        const job = await stop(request.id);
        const { id, work } = job;
        if (work.kind !== 'rebuild')
          throw new PolystoreError(
            'invalid_request',
            `The job ${id} is a ${work.kind}: it is stopped, and there is nothing to undo. Only a rebuild is undone.`,
          );
        if (hasEnded(job))
          throw new PolystoreError(
            'conflict',
            `The job ${id} is ${job.status}: there is nothing left to undo. Rebuild the view instead.`,
          );
        await abortRebuild(tools, viewNamed(tools, `${work.entity}.${work.view}`), work.state);
        return jobs.save(job, { status: 'aborted', problem: 'aborted on request' });
      }
      case 'status':
        return {
          views: await readViewStatus(
            { ...tools, findHoles: options.findHoles },
            selectViews(catalog, { entity: undefined, view: undefined }),
          ),
          jobs: (await jobs.open()).filter(({ status }) => status === 'running' || status === 'failed'),
        };
      case 'letters':
        return {
          letters: (await desk.list({ ...request, limit: request.limit ?? 100 })).map(renderLetterLine),
        };
      case 'letter':
        return renderLetter(await desk.show(request.letter));
      case 'retry':
        if (request.letter === undefined) return retryDue(untilMs);
        return retryOne(request.letter, untilMs);
      case 'discard':
        await desk.discard(request.letter, request.note);
        return { discarded: true };
    }
  };

  async function retryOne(letter: LetterRef, untilMs: number) {
    const seen = await desk.show(letter);
    const retried = await desk.retry(letter);
    if (retried.kind === 'backfill') await fillFor(seen, retried.views, untilMs);
    return retried;
  }

  /** One that was stopped or failed is gone on with where it was. */
  async function revive(id: string): Promise<string> {
    const job = await jobs.get(id);
    if (job.status === 'aborted')
      throw new PolystoreError('conflict', `The job ${id} was aborted and undone. Begin another one.`);
    if (job.status === 'stopped' || job.status === 'failed')
      await jobs.save(job, { status: 'running', problem: null, leaseUntilMs: 0, work: revived(job.work) });
    return id;
  }
}

const seenOf = ({ store, scope, id, timesSeen }: SeenLetter): SeenLetter => ({ store, scope, id, timesSeen });

const isFor = (closes: readonly LetterRef[], { store, scope, id }: LetterRef): boolean =>
  closes.some((each) => each.store === store && each.scope === scope && each.id === id);
