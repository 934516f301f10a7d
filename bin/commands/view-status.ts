import Table from 'cli-table3';
import * as z from 'zod';
import { PolystoreError } from '../../lambda/errors.ts';
import { jobShape, renderJob } from './follow-job.ts';
import { openProject } from './invoke-project.ts';

/** How far each view is, for `polystore status`. */

const shape = z.object({
  views: z.array(
    z.object({
      view: z.string(),
      store: z.string(),
      recordsBehind: z.number().nullable(),
      position: z.number().nullable(),
      holes: z.number(),
      problem: z.string().nullable(),
    }),
  ),
  jobs: z.array(jobShape),
});

export type Views =
  | z.infer<typeof shape>
  /** Why nothing can be said of them. */
  | { readonly viewsProblem: string };

/** Asks the function `project`; a run that is still starting has none that answers. */
export async function readViews(stateDir: string): Promise<Views> {
  try {
    return shape.parse(await (await openProject({ stateDir }))({ command: 'status' }));
  } catch (error) {
    if (!(error instanceof PolystoreError)) throw error;
    return { viewsProblem: error.message };
  }
}

export function renderViews(found: Views): string {
  if ('viewsProblem' in found) return `views: ${found.viewsProblem}`;
  const table = new Table({
    head: ['view', 'store', 'behind', 'holes', ''],
    style: { head: [], border: [] },
  });
  for (const { view, store, recordsBehind, holes, problem } of found.views)
    table.push([view, store, recordsBehind ?? '?', holes, problem ?? noteOf(recordsBehind)]);
  return [table.toString(), ...found.jobs.map((job) => `job ${renderJob(job)}`)].join('\n');
}

const noteOf = (recordsBehind: number | null): string =>
  recordsBehind === null ? 'no progress: backfill it' : '';
