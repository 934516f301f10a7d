import { access, constants, mkdir } from 'node:fs/promises';
import { Listr, type ListrTask, PRESET_TIMER } from 'listr2';
import { PolystoreError } from '../../lambda/errors.ts';
import { type Downloads, downloadsFolder, locateDownloads } from './downloads.ts';
import type { SetUpPart, Step } from './folder-step.ts';
import { planSteps } from './steps.ts';
import { javaTool, type MissingTool, mavenTool, requireTools } from './tools.ts';

export interface SetUpOptions {
  /** Absolute path of the project. */
  readonly root: string;
  /** Prints nothing; for programs and tests. */
  readonly silent?: boolean;
  /** Brings these only, and asks for no Java to run engines with. @default all that `npm start` needs */
  readonly parts?: readonly SetUpPart[];
  /** Ends the tool that is running and gives up. */
  readonly signal?: AbortSignal;
}

/**
 * Brings all that the engines need beyond npm's packages. What is there already is left alone, so a
 * second call takes milliseconds; an interrupted step is done again from its start.
 * @throws `tool_missing`, `folder_not_writable`, or `setup_failed` for the first step that failed.
 */
export async function setUp({ root, silent = false, parts, signal }: SetUpOptions): Promise<Downloads> {
  const downloads = locateDownloads(root);
  const { maven, other } = await planSteps(downloads);
  const wanted = [...maven, ...other].filter(({ part, onlyToDeploy }) =>
    parts === undefined ? !onlyToDeploy : parts.includes(part),
  );
  const todo = await pending(wanted);

  // Java is needed to run the engines even when nothing is left to fetch.
  const java = parts === undefined ? [javaTool(downloads.java)] : [];
  await requireTools(
    [...java, ...new Set(todo.flatMap((step) => step.tools))],
    missingJavas(downloads).filter(({ part }) => wanted.some((step) => step.part === part)),
  );
  if (todo.length === 0) return downloads;

  const folder = downloadsFolder(root);
  await requireWritable(folder);
  signal?.throwIfAborted();
  const chains = [maven, other].map((steps) => steps.filter((step) => todo.includes(step)));
  await runChains(
    chains.filter((steps) => steps.length > 0),
    { silent, signal },
  );
  return downloads;
}

/** The engines that run on some Javas only, and found none. */
function missingJavas(downloads: Downloads): readonly (MissingTool & { readonly part: SetUpPart })[] {
  const parts = ['cassandra', 'opensearch'] as const;
  const names = { cassandra: 'Cassandra', opensearch: 'OpenSearch' } as const;
  return parts.flatMap((part) => {
    const { java } = downloads[part];
    if (java.kind === 'found') return [];
    const { problem, debianPackage } = java;
    return [
      { part, name: `Java for ${names[part]}`, problem, debianPackage, neededFor: `running ${names[part]}` },
    ];
  });
}

async function pending(steps: readonly Step[]): Promise<readonly Step[]> {
  const done = await Promise.all(steps.map((step) => step.isDone()));
  return steps.filter((_, index) => !done[index]);
}

/** Runs the chains side by side, the steps of a chain one after the other, and shows how far each is. */
async function runChains(
  chains: readonly (readonly Step[])[],
  { silent, signal }: { readonly silent: boolean; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const failures: unknown[] = [];
  const toTask = (step: Step): ListrTask => ({
    title: step.title,
    task: async (_, task) => {
      try {
        signal?.throwIfAborted();
        await step.run({
          onLine: (line) => {
            // Without a terminal every line would stay on the page.
            if (process.stdout.isTTY && !silent) task.output = line;
          },
          signal,
        });
      } catch (error) {
        failures.push(error);
        throw error;
      }
    },
  });
  const tasks = chains.map(
    (steps): ListrTask => ({
      title: steps.some((step) => step.tools.includes(mavenTool))
        ? 'Engines from Maven'
        : 'PostgreSQL, Valkey and the data',
      task: (_, task) => task.newListr(steps.map(toTask), { concurrent: false, exitOnError: true }),
    }),
  );
  const timed = { timer: PRESET_TIMER };
  // A failed chain does not end the other one: what it brings is kept for the next try.
  const list = new Listr(tasks, {
    concurrent: 2,
    exitOnError: false,
    fallbackRenderer: 'simple',
    fallbackRendererOptions: timed,
    ...(silent
      ? { renderer: 'silent' }
      : { renderer: 'default', rendererOptions: { ...timed, collapseSubtasks: false } }),
  });
  await list.run();
  if (failures.length > 0) throw failures[0];
}

async function requireWritable(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new PolystoreError(
      'folder_not_writable',
      `The set-up cannot write to ${folder}: ${(cause as Error).message}. ` +
        'Make the folder writable for this user, or clone the project to a folder that is.',
      { cause, details: { folder } },
    );
  }
}
