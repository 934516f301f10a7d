import Table from 'cli-table3';
import type { Command } from 'commander';
import * as z from 'zod';
import { openProject } from './invoke-project.ts';
import { addTargetOptions, type TargetOptions, targetOf } from './maintain.ts';

/** `polystore dead-letters list|show|retry|discard`: changes that a view lacks, until somebody mends the cause. */

const letterShape = z.looseObject({
  store: z.string(),
  scope: z.string(),
  id: z.string(),
  reason: z.string(),
  timesSeen: z.number(),
  attempts: z.number(),
  lastSeen: z.string(),
  nextTry: z.string().optional(),
});
type Letter = z.infer<typeof letterShape>;

/** How people and this command line name a letter: what `list` prints. */
const nameOf = ({ store, scope, id }: Letter): string => `${store}#${scope}#${id}`;

function parseName(name: string): { readonly store: string; readonly scope: string; readonly id: string } {
  const [store = '', scope = '', ...id] = name.split('#');
  return { store, scope, id: id.join('#') };
}

export function addDeadLetterCommands(program: Command, stateDir: string): void {
  const letters = program
    .command('dead-letters')
    .description('changes that a view could not take: each is a hole in it until it is mended or discarded');

  addTargetOptions(
    letters
      .command('list')
      .description('list open letters')
      .option('--store <name>', 'of one store, such as redis')
      .option('--scope <scope>', 'of one view (flight.board) or entity (flight)')
      .option('--closed', 'those that were mended, superseded or discarded instead')
      .option('--limit <count>', 'at most so many', Number, 100),
  ).action(async (options: TargetOptions & ListOptions) => {
    const { store, scope, closed, limit } = options;
    const answer = await (await openProject(targetOf(stateDir, options)))({
      command: 'letters',
      store,
      scope,
      closed,
      limit,
    });
    console.log(options.json ? JSON.stringify(answer) : renderLetters(answer));
  });

  addTargetOptions(
    letters.command('show <letter>').description('show one letter, its record decoded for people'),
  ).action(async (name: string, options: TargetOptions) => {
    const invoke = await openProject(targetOf(stateDir, options));
    const letter = await invoke({ command: 'letter', letter: parseName(name) });
    console.log(options.json ? JSON.stringify(letter) : JSON.stringify(letter, undefined, 2));
  });

  addTargetOptions(
    letters
      .command('retry [letter]')
      .description('do what makes a letter good, once its cause is mended; without one, all that are due'),
  ).action(async (name: string | undefined, options: TargetOptions) => {
    const invoke = await openProject(targetOf(stateDir, options));
    const answer = await invoke({ command: 'retry', ...(name !== undefined && { letter: parseName(name) }) });
    console.log(options.json ? JSON.stringify(answer) : renderRetried(answer));
    if (name !== undefined && z.looseObject({ kind: z.string() }).parse(answer).kind === 'open')
      process.exitCode = 1;
  });

  addTargetOptions(
    letters
      .command('discard <letter>')
      .description('close a letter unmended: its view will lack the change for ever')
      .requiredOption('--reason <text>', 'why; it is kept with the letter'),
  ).action(async (name: string, options: TargetOptions & { readonly reason: string }) => {
    const invoke = await openProject(targetOf(stateDir, options));
    const answer = await invoke({ command: 'discard', letter: parseName(name), note: options.reason });
    console.log(options.json ? JSON.stringify(answer) : 'discarded');
  });
}

interface ListOptions {
  readonly store?: string;
  readonly scope?: string;
  readonly closed?: boolean;
  readonly limit: number;
}

function renderLetters(answer: unknown): string {
  const { letters } = z.object({ letters: z.array(letterShape) }).parse(answer);
  if (letters.length === 0) return 'no letters';
  const table = new Table({
    head: ['letter', 'seen', 'last', 'tried', 'reason'],
    style: { head: [], border: [] },
    colWidths: [60, 6, 26, 7, 60],
    wordWrap: true,
    wrapOnWordBoundary: false,
  });
  for (const letter of letters)
    table.push([nameOf(letter), letter.timesSeen, letter.lastSeen, letter.attempts, letter.reason]);
  return table.toString();
}

function renderRetried(answer: unknown): string {
  const one = z.looseObject({ kind: z.string(), note: z.string().optional(), reason: z.string().optional() });
  const single = one.safeParse(answer);
  if (!single.success) return JSON.stringify(answer);
  const { kind, note, reason } = single.data;
  if (kind === 'mended') return `mended: ${note ?? ''}`;
  return kind === 'open' ? `still open: ${reason ?? ''}` : 'its view is being filled: see "polystore jobs"';
}
