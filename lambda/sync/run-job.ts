import { PolystoreError } from '../errors.ts';
import type { JobTools } from './job-tools.ts';
import type { Job, Jobs } from './jobs.ts';
import { isDone, stepWork, type Work } from './work.ts';

export interface RunOptions {
  readonly jobs: Jobs;
  readonly tools: JobTools;
  /** Milliseconds since the epoch, of a clock that does not stand still. */
  readonly clock: JobTools['clock'];
  /** After its first no step is begun later than this; milliseconds since the epoch. */
  readonly untilMs: number;
  /** Called once a job is done, before it is written down as such. */
  readonly onDone?: (job: Job) => Promise<void>;
}

/** How often a job is written down: what was done since is done again after a crash, which is harmless. */
const saveEveryMs = 2_000;
/** A step takes no longer; whoever was cut off is given up after it. */
const stepMs = 120_000;

/**
 * Continues a job until it is done or the time is up. One at a time does: a lease in the job says who, and ends by
 * itself when that one dies. What fails for now is noted and tried again the next time; what fails for good fails the
 * job, which can be gone on with once the cause is mended.
 *
 * @throws PolystoreError `conflict` when someone else continues it now, or has stopped it meanwhile.
 */
export async function runJob(options: RunOptions, id: string): Promise<Job> {
  const { jobs, tools, clock, untilMs } = options;
  let job = await claim(options, await jobs.get(id));
  if (job.status !== 'running') return job;
  let work = job.work;
  let savedAtMs = clock();
  let saves = false;
  try {
    // Whoever gets a turn makes a step, however small its share.
    for (let steps = 0; !isDone(work) && (steps === 0 || clock() < untilMs); steps += 1) {
      work = await stepWork(tools, work);
      if (clock() - savedAtMs < saveEveryMs) continue;
      saves = true;
      job = await jobs.save(job, { work, problem: null, leaseUntilMs: clock() + stepMs });
      saves = false;
      savedAtMs = clock();
    }
  } catch (error) {
    return noteFailure(options, job, { work, error, saves });
  }
  if (!isDone(work)) return jobs.save(job, { work, leaseUntilMs: 0, problem: null });
  await options.onDone?.({ ...job, work });
  return jobs.save(job, { work, status: 'done', leaseUntilMs: 0, problem: null });
}

async function claim({ jobs, clock }: RunOptions, job: Job): Promise<Job> {
  if (job.status !== 'running') return job;
  const leftMs = job.leaseUntilMs - clock();
  if (leftMs > 0)
    throw new PolystoreError(
      'conflict',
      `The job ${job.id} is being continued by someone else, for ${Math.ceil(leftMs / 1000)} s more at most. It goes on by itself.`,
    );
  return jobs.save(job, { leaseUntilMs: clock() + stepMs });
}

async function noteFailure(
  { jobs, tools }: RunOptions,
  job: Job,
  { work, error, saves }: { readonly work: Work; readonly error: unknown; readonly saves: boolean },
): Promise<Job> {
  // Someone else holds it now: nothing is to be written.
  if (error instanceof PolystoreError && error.code === 'conflict' && saves) throw error;
  const problem = error instanceof Error ? error.message : String(error);
  const again = error instanceof PolystoreError && error.retryable;
  tools.log.error(again ? 'a job waits' : 'a job failed', { job: job.id, reason: problem });
  return jobs.save(job, { work, problem, leaseUntilMs: 0, status: again ? 'running' : 'failed' });
}
