import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { PolystoreError } from '../../lambda/errors.ts';
import { compareCatalogs, compile, extendWaves, type IndexStep, wavesOf } from '../../lambda/model/index.ts';
import type { PatternPlans } from '../../lambda/query/access-patterns.ts';
import { environments, selectEnvironment } from '../../lib/environments/index.ts';
import model from '../../model/flights.ts';
import { readCommittedModel, writeCommittedModel } from '../committed-model.ts';
import { changedPlans, provePatterns, writePlans } from '../planned-patterns.ts';

/**
 * `polystore model diff`: what the model changes, and which wave of index changes each environment is at. `polystore model
 * plan`: how its access patterns are served.
 */

interface DiffOptions {
  readonly env?: string;
  readonly write?: boolean;
  readonly filled?: string;
  readonly json?: boolean;
}

interface PlanOptions {
  readonly write?: boolean;
  readonly json?: boolean;
}

export function addModelCommands(program: Command, root: string): void {
  const command = program.command('model').description('the model and what is deployed of it');
  command
    .command('plan')
    .description(
      'plan the access patterns; fails where bounded work does not serve one, or a plan differs from what was written down',
    )
    .option('--write', 'write the plans down (model/plans.json), for review')
    .option('--json', 'print JSON for programs')
    .action((options: PlanOptions) => planModel(root, options));
  command
    .command('diff')
    .description(
      'compare the model with what it was when it was last written down; fails for what cannot be done',
    )
    .option('--write', 'write it down (model/committed.json), with the waves that its indexes take')
    .option('--env <name>', 'with --write: take this environment one wave on')
    .option('--filled <index>', 'says that "polystore index fill" has put the items of before into the index')
    .option('--json', 'print JSON for programs')
    .action((options: DiffOptions) => {
      const found = diffModel(root, options);
      console.log(options.json ? JSON.stringify(found) : renderDiff(found));
      if (found.refused.length > 0) process.exitCode = 1;
    });
}

/** @throws PolystoreError `invalid_model` where a pattern is not served by bounded work */
async function planModel(root: string, { write, json }: PlanOptions): Promise<void> {
  const catalog = compile(model);
  const planned = await provePatterns(catalog);
  const changed = changedPlans(root, planned.plans);
  if (write) writePlans(root, catalog, planned);
  else if (changed.length > 0) process.exitCode = 1;
  console.log(
    json ? JSON.stringify({ plans: planned.plans, changed }) : renderPlans(planned, changed, write),
  );
}

function renderPlans({ plans }: PatternPlans, changed: readonly string[], written = false): string {
  const rows = Object.entries(plans).map(([name, { placement, engine, work, estimatedReads: reads }]) => [
    `${changed.includes(name) ? '*' : ' '} ${name}`,
    `${placement} (${engine})`,
    `${work}${reads === null ? '' : `, ${reads} row(s)`}`,
  ]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const gone = changed.filter((name) => !(name in plans)).map((name) => `* ${name}  is declared no more`);
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const told = written
    ? `written down; * ${changed.length} changed`
    : `* differ from what was written down; look at them, then: npx polystore model plan --write`;
  return [...lines, ...gone, ...(changed.length > 0 || written ? [told] : [])].join('\n');
}

interface Diff {
  readonly changes: readonly string[];
  readonly refused: readonly string[];
  /** All waves there are, in order; the first is wave 1. */
  readonly waves: readonly string[];
  /** At which wave each environment is. */
  readonly environments: Readonly<Record<string, number>>;
}

function diffModel(root: string, { env, write, filled }: DiffOptions): Diff {
  const catalog = compile(model);
  const committed = readCommittedModel(root);
  const indexes = catalog.table?.globalIndexes ?? [];
  const { changes, refused } =
    committed === undefined
      ? { changes: ['the model was never written down'], refused: [] }
      : compareCatalogs(committed.catalog, catalog);
  const waves = extendWaves(committed?.waves ?? wavesOf(indexes), indexes);
  const at = Object.fromEntries(
    Object.values(environments).map(({ name, table }) => [name, table.indexWave]),
  );
  if (write && refused.length === 0) {
    // First, so that a wave that may not be taken writes nothing.
    if (env !== undefined) at[env] = advance(root, selectEnvironment(env), waves.steps, filled);
    writeCommittedModel(root, { waves, catalog });
  }
  return { changes, refused, waves: waves.steps.map(renderStep), environments: at };
}

/** @throws PolystoreError `migration_refused` at the last wave, or where an index may lack rows. */
function advance(
  root: string,
  { name, table }: { readonly name: string; readonly table: { readonly indexWave: number } },
  steps: readonly IndexStep[],
  filled: string | undefined,
): number {
  const step = steps[table.indexWave];
  if (step === undefined)
    throw new PolystoreError(
      'migration_refused',
      `${name} is at wave ${table.indexWave}, the last one: there is none to go on to`,
    );
  if (step.kind === 'use' && filled !== step.index.name)
    throw new PolystoreError(
      'migration_refused',
      `The next wave of ${name} lets queries use the index ${step.index.name}, and items that were last written before wave ${table.indexWave} was deployed are not in it. Fill it once that deployment has ended: npx polystore index fill ${step.index.name} --function <its function project>; then say --filled ${step.index.name}`,
    );
  const file = join(root, 'lib', 'environments', `${name}.ts`);
  const wave = table.indexWave + 1;
  writeFileSync(file, setWave(readFileSync(file, 'utf8'), table.indexWave, wave, file));
  return wave;
}

/** @throws PolystoreError `invalid_configuration` where the file does not say the number once, as a number. */
export function setWave(source: string, from: number, to: number, file: string): string {
  const found = source.match(/\bindexWave: \d+/g) ?? [];
  if (found.length !== 1 || found[0] !== `indexWave: ${from}`)
    throw new PolystoreError(
      'invalid_configuration',
      `${file} has ${found.length === 0 ? 'no indexWave' : found.join(', ')} where one "indexWave: ${from}" is expected; write the number ${to} yourself`,
    );
  return source.replace(`indexWave: ${from}`, `indexWave: ${to}`);
}

const verbs = {
  make: (name: string) => `make the index ${name}`,
  use: (name: string) => `let queries use ${name}, once it is filled`,
  leave: (name: string) => `let queries use ${name} no more`,
  remove: (name: string) => `remove the index ${name}`,
} as const;
const renderStep = ({ kind, index }: IndexStep): string => verbs[kind](index.name);

function renderDiff({ changes, refused, waves, environments: at }: Diff): string {
  const list = (lines: readonly string[], none: string): string =>
    lines.length === 0 ? `  ${none}` : lines.map((line) => `  ${line}`).join('\n');
  return [
    'changes:',
    list(changes, 'none'),
    ...(refused.length === 0 ? [] : ['cannot be done:', list(refused, '')]),
    'waves of indexes:',
    list(
      waves.map((text, index) => `${index + 1} ${text}`),
      'none: the table has the indexes that it was made with',
    ),
    'environments:',
    list(
      Object.entries(at).map(([name, wave]) => {
        const next = waves[wave];
        return `${name} is at wave ${wave} of ${waves.length}${next === undefined ? '' : `; next: ${next}`}`;
      }),
      'none',
    ),
  ].join('\n');
}
