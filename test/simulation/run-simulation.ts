import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { SimulationResult } from './simulate.ts';

/** Runs seeds in a process of their own. @param lambda the code to be driven; default: this project's */
export async function runSimulation(options: {
  readonly from: number;
  readonly to: number;
  readonly lambda?: string;
  /** Ends at the first seed that fails. */
  readonly first?: boolean;
  /** Folder where processes leave what they compiled for those that come after. */
  readonly compileCache?: string;
}): Promise<SimulationResult> {
  const child = spawn(
    process.execPath,
    [
      '--no-warnings',
      join(import.meta.dirname, 'simulate.ts'),
      '--json',
      `--seeds=${options.from}-${options.to}`,
      ...(options.lambda === undefined ? [] : [`--lambda=${options.lambda}`]),
      ...(options.first === true ? ['--first'] : []),
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...(options.compileCache !== undefined && { NODE_COMPILE_CACHE: options.compileCache }),
      },
    },
  );
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const lines = output.trim().split('\n');
  if (!lines.at(-1)?.startsWith('{')) throw new Error(`the simulation did not end: ${output}\n${errors}`);
  // `--json` prints exactly this, last.
  return JSON.parse(lines.at(-1) ?? '') as SimulationResult;
}

/** A line for each seed that failed, with how to see it again. */
export const renderFailures = ({ failures }: SimulationResult): readonly string[] =>
  failures.map(
    ({ seed, problems }) => `${problems.slice(0, 3).join('; ')} (npm run simulate -- --seed ${seed})`,
  );
