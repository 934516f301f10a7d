import Table from 'cli-table3';
import type { Command } from 'commander';
import * as z from 'zod';
import { followJob, type JobView, parseJob, parseJobs, renderJob } from './follow-job.ts';
import { openProject, type ProjectTarget } from './invoke-project.ts';

/** `polystore backfill`, `rebuild`, `verify`, `sweep`, `tend` and `jobs`: what keeps views true, asked for by hand. */

export interface TargetOptions {
  readonly function?: string;
  readonly region?: string;
  readonly json?: boolean;
}

export const addTargetOptions = (command: Command): Command =>
  command
    .option('--function <name>', 'the deployed function project (default: that of the run on this machine)')
    .option('--region <region>', 'where it is deployed (default: as AWS’s own tools decide)')
    .option('--json', 'print JSON for programs');

export const targetOf = (stateDir: string, options: TargetOptions): ProjectTarget => ({
  stateDir,
  function: options.function,
  region: options.region,
});

export function addMaintainCommands(program: Command, stateDir: string): void {
  addTargetOptions(
    program
      .command('backfill <entity> [view]')
      .description('fill the views of an entity, or one, from the source beside the stream; can be repeated'),
  ).action(async (entity: string, view: string | undefined, options: TargetOptions) => {
    await follow(stateDir, options, { command: 'backfill', entity, view }, renderJob);
  });

  addTargetOptions(
    program
      .command('rebuild <view>')
      .description('build a view (entity.view) anew beside the one that is read, compare it, then switch')
      .option('--abort <job>', 'undo a rebuild: readers see the old build again and the new one is dropped'),
  ).action(async (view: string, options: TargetOptions & { readonly abort?: string }) => {
    if (options.abort === undefined) {
      await follow(stateDir, options, { command: 'rebuild', view }, renderJob);
      return;
    }
    const invoke = await openProject(targetOf(stateDir, options));
    const job = parseJob(await invoke({ command: 'abort', id: options.abort }));
    console.log(options.json ? JSON.stringify(job) : `undone: ${renderJob(job)}`);
  });

  addTargetOptions(
    program
      .command('verify [entity] [view]')
      .description('compare views with their sources; fails when a difference stays')
      .option('--repair', 'mend what differs')
      .option(
        '--sample <rows>',
        'look at so many rows of each view, from where the last sample ended',
        Number,
      ),
  ).action(
    async (
      entity: string | undefined,
      view: string | undefined,
      options: TargetOptions & { readonly repair?: boolean; readonly sample?: number },
    ) => {
      const { repair, sample } = options;
      const request = { command: 'verify', entity, view, repair, sample };
      const job = await follow(stateDir, options, request, (done) => renderVerified(done));
      if (differencesLeft(job) > 0) process.exitCode = 1;
    },
  );

  addTargetOptions(
    program
      .command('index')
      .description('the global indexes of the DynamoDB table')
      .command('fill <index>')
      .description('put rows that were written before an index was declared into it; can be repeated'),
  ).action(async (index: string, options: TargetOptions) => {
    const request = { command: 'fill-index', index };
    const job = await follow(stateDir, options, request, (done) => renderFilled(done, index));
    if (unfilledBy(job) > 0) process.exitCode = 1;
  });

  addTargetOptions(
    program.command('sweep').description('remove tombstones that no record of the log needs any more'),
  ).action(async (options: TargetOptions) => {
    await follow(stateDir, options, { command: 'sweep' }, renderJob);
  });

  addTargetOptions(
    program
      .command('tend')
      .description('make months ahead in Aurora, drop those past what views keep, go on with indexes'),
  ).action(async (options: TargetOptions) => {
    await follow(stateDir, options, { command: 'tend' }, renderJob);
  });

  addTargetOptions(
    program
      .command('jobs [action] [id]')
      .description('list jobs; "continue <id>" goes on with one, "stop <id>" stops it'),
  ).action(async (action: string | undefined, id: string | undefined, options: TargetOptions) => {
    const invoke = await openProject(targetOf(stateDir, options));
    if (action === 'continue' && id !== undefined) {
      await follow(stateDir, options, { command: 'continue', id }, renderJob);
      return;
    }
    if (action === 'stop' && id !== undefined) {
      const job = parseJob(await invoke({ command: 'stop', id }));
      console.log(options.json ? JSON.stringify(job) : renderJob(job));
      return;
    }
    const answer = await invoke({ command: 'jobs' });
    console.log(options.json ? JSON.stringify(answer) : parseJobs(answer).map(renderJob).join('\n'));
  });
}

async function follow(
  stateDir: string,
  options: TargetOptions,
  request: Readonly<Record<string, unknown>>,
  render: (job: JobView) => string,
): Promise<JobView> {
  const invoke = await openProject(targetOf(stateDir, options));
  const onTerminal = process.stderr.isTTY && !options.json;
  const job = await followJob(invoke, request, (now) => {
    if (onTerminal) process.stderr.write(`\r\x1b[K${renderJob(now)}`);
  });
  if (onTerminal) process.stderr.write('\r\x1b[K');
  console.log(options.json ? JSON.stringify(resultOf(job)) : render(job));
  return job;
}

const countsShape = z.object({
  compared: z.number(),
  missing: z.number(),
  stale: z.number(),
  extra: z.number(),
  different: z.number(),
  repaired: z.number(),
  unsettled: z.number(),
  unreadable: z.number(),
  bytes: z.number(),
  behind: z.boolean(),
});
const verifiedShape = z.looseObject({
  results: z.record(z.string(), countsShape),
  refused: z.record(z.string(), z.string()),
});

/** Of a comparison what was found, by view; of other jobs the job. */
function resultOf(job: JobView): unknown {
  if (job.work.kind !== 'verify') return job;
  const { results, refused } = verifiedShape.parse(job.work);
  return { job: job.id, views: results, refused };
}

function differencesLeft({ work }: JobView): number {
  const { results } = verifiedShape.parse(work);
  return Object.values(results).reduce(
    (sum, each) =>
      sum + each.missing + each.stale + each.extra + each.different - each.repaired + each.unsettled,
    0,
  );
}

const filledShape = z.looseObject({
  state: z.looseObject({ counts: z.object({ read: z.number(), filled: z.number(), unfilled: z.number() }) }),
});
const unfilledBy = ({ work }: JobView): number => filledShape.parse(work).state.counts.unfilled;

function renderFilled(job: JobView, index: string): string {
  const next =
    unfilledBy(job) > 0
      ? `${index} will lack ${unfilledBy(job)} rows; the log of the function project names them. Write them with other values, then fill again.`
      : `${index} has all rows of before. Let queries use it: npx polystore model diff --write --env <name> --filled ${index}`;
  return `${renderJob(job)}\n${next}`;
}

function renderVerified({ work }: JobView): string {
  const { results, refused } = verifiedShape.parse(work);
  const table = new Table({
    head: ['view', 'compared', 'missing', 'stale', 'extra', 'different', 'repaired', 'unsettled', ''],
    style: { head: [], border: [] },
  });
  for (const [view, counts] of Object.entries(results)) {
    const { compared, missing, stale, extra, different, repaired, unsettled, unreadable, behind } = counts;
    const notes = [
      ...(behind ? ['is behind its source: look again later'] : []),
      ...(unreadable > 0 ? [`${unreadable} unreadable at the source`] : []),
    ];
    table.push([view, compared, missing, stale, extra, different, repaired, unsettled, notes.join('; ')]);
  }
  const notCompared = Object.entries(refused).map(([view, why]) => `${view} was not compared: ${why}`);
  return [table.toString(), ...notCompared].join('\n');
}
