import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { PolystoreError } from '../../lambda/errors.ts';
import type { InvokeProject } from './invoke-project.ts';

export const jobShape = z.looseObject({
  id: z.string(),
  status: z.enum(['running', 'done', 'failed', 'stopped']),
  work: z.looseObject({ kind: z.string() }),
  startedAt: z.string(),
  updatedAt: z.string(),
  problem: z.string().nullable(),
});
export type JobView = z.infer<typeof jobShape>;
export const parseJob = (answer: unknown): JobView => jobShape.parse(answer);
export const parseJobs = (answer: unknown): readonly JobView[] =>
  z.object({ jobs: z.array(jobShape) }).parse(answer).jobs;

/** Steps of a job are begun for so long at a time: people see how far it is about so often. */
const sliceMs = 3_000;
const waitMs = 2_000;

/**
 * Begins a job and asks for more of it until it ends. Ctrl-C leaves it where it is; its schedule goes on with it.
 * @throws PolystoreError `conflict` for a job that failed or was stopped, with what to do
 */
export async function followJob(
  invoke: InvokeProject,
  request: Readonly<Record<string, unknown>>,
  onProgress: (job: JobView) => void,
): Promise<JobView> {
  let job = parseJob(await invoke({ ...request, sliceMs }));
  while (job.status === 'running') {
    onProgress(job);
    // What it had to wait for is still so in the next moment.
    if (job.problem !== null) await pause(waitMs);
    try {
      job = parseJob(await invoke({ command: 'continue', id: job.id, sliceMs }));
    } catch (error) {
      // The schedule goes on with it just now.
      if (!(error instanceof PolystoreError) || error.code !== 'conflict') throw error;
      await pause(waitMs);
      job = parseJob(await invoke({ command: 'job', id: job.id }));
    }
  }
  if (job.status === 'done') return job;
  throw new PolystoreError(
    'conflict',
    `The job ${job.id} ${job.status === 'failed' ? 'failed' : 'was stopped'}: ${job.problem ?? ''} Go on with it by "polystore jobs continue ${job.id}".`,
    { details: { job } },
  );
}

/** One line on how far a job is. */
export function renderJob({ id, status, work, problem }: JobView): string {
  return [id, status, renderWork(work), ...(problem === null ? [] : [`(${problem})`])].join('  ');
}

const counts = z.record(z.string(), z.union([z.number(), z.boolean()]));
const backfill = z.looseObject({ phase: z.string(), counts: counts.optional() });
const rebuild = z.looseObject({
  phase: z.string(),
  fill: backfill.optional(),
  check: backfill.optional(),
});

function renderWork(work: JobView['work']): string {
  if (work.kind === 'verify') {
    const { left, state } = z
      .looseObject({ left: z.array(z.string()), state: backfill.nullable() })
      .parse(work);
    const now = left[0] === undefined ? 'all compared' : `${left[0]}: ${state?.phase ?? 'begins'}`;
    return `${now}, ${left.length} views left`;
  }
  if (work.kind === 'tend') return renderTended(work);
  if (work.kind === 'fill-index') {
    const { phase, counts: filled = {} } = backfill.parse(work.state);
    return `${String(work.index)} ${phase}: ${renderCounts(filled)}`;
  }
  if (work.kind === 'sweep') return `${String(work.swept)} swept`;
  const { entity, view } = z.looseObject({ entity: z.string(), view: z.string().nullable() }).parse(work);
  const { phase, counts: own, fill, check } = rebuild.extend({ counts: counts.optional() }).parse(work.state);
  const told = own ?? fill?.counts ?? check?.counts;
  const text = told === undefined ? '' : `: ${renderCounts(told)}`;
  return `${view === null ? entity : `${entity}.${view}`} ${phase}${text}`;
}

const viewMonth = z.looseObject({ view: z.string(), month: z.string() });

function renderTended(work: JobView['work']): string {
  const { state, dropped, kept, indexesLeft } = z
    .looseObject({
      state: z.looseObject({ left: z.array(viewMonth) }).nullable(),
      dropped: z.array(viewMonth),
      kept: z.array(viewMonth.extend({ why: z.string() })),
      indexesLeft: z.array(z.string()),
    })
    .parse(work);
  return [
    `${dropped.length} months dropped`,
    ...(state === null || state.left.length === 0 ? [] : [`${state.left.length} to look through`]),
    ...kept.map(({ view, month, why }) => `${view} ${month} stays: ${why}`),
    ...(indexesLeft.length === 0 ? [] : [`still being built: ${indexesLeft.join(', ')}`]),
  ].join('; ');
}

const renderCounts = (of: z.infer<typeof counts>): string =>
  Object.entries(of)
    .filter(([, value]) => value !== 0 && value !== false)
    .map(([name, value]) => `${String(value)} ${name}`)
    .join(', ');
