// `npm run simulate -- --seed 123`: one run, the least that still fails of it, and all that happened in it.
// `npm run simulate -- --seeds 1-1000`: many. `--lambda <folder>`: of other code than this project's.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadDeployedCode } from './deployed-code.ts';
import { type Settings, settingsOf } from './settings.ts';
import { shrink } from './shrink.ts';
import { simulate } from './world.ts';

/** What `--json` prints: of each seed that failed what was wrong. */
export interface SimulationResult {
  readonly seeds: number;
  readonly steps: number;
  readonly failures: readonly { readonly seed: number; readonly problems: readonly string[] }[];
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1-100' },
    lambda: { type: 'string', default: join(import.meta.dirname, '../../lambda') },
    first: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const code = await loadDeployedCode(values.lambda);
const problemsOf = async (settings: Settings) => (await simulate(code, settings)).problems;

async function runOne(seed: number): Promise<boolean> {
  const settings = settingsOf(seed);
  const outcome = await simulate(code, settings);
  console.log(outcome.trace.join('\n'));
  if (outcome.problems.length === 0) return true;
  const least = await shrink(settings, async (candidate) => (await problemsOf(candidate)).length > 0);
  const shrunk = await simulate(code, least);
  console.log(
    `\nThe least that still fails: ${JSON.stringify(least, renderBigint)}\n${shrunk.trace.join('\n')}`,
  );
  console.log(`\nseed ${seed} failed:\n  ${outcome.problems.join('\n  ')}`);
  return false;
}

async function runMany(from: number, to: number): Promise<SimulationResult> {
  const failures: { seed: number; problems: readonly string[] }[] = [];
  let steps = 0;
  let seed = from;
  for (; seed <= to && !(values.first && failures.length > 0); seed += 1) {
    const outcome = await simulate(code, settingsOf(seed));
    steps += outcome.steps;
    if (outcome.problems.length > 0) failures.push({ seed, problems: outcome.problems });
  }
  return { seeds: seed - from, steps, failures };
}

const renderBigint = (_name: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;

if (values.seed !== undefined) process.exitCode = (await runOne(Number(values.seed))) ? 0 : 1;
else {
  const [from = 1, to = from] = values.seeds.split('-').map(Number);
  const result = await runMany(from, to);
  if (values.json) console.log(JSON.stringify(result));
  else {
    for (const { seed, problems } of result.failures)
      console.log(
        `seed ${seed}: ${problems.slice(0, 5).join('\n  ')}\n  again: npm run simulate -- --seed ${seed}`,
      );
    console.log(`${result.seeds} seeds, ${result.failures.length} failed, ${result.steps} steps`);
  }
  process.exitCode = result.failures.length === 0 ? 0 : 1;
}
