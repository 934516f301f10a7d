// `npm run bench:bundle`: what the router's function loads as it starts, beside all of it at once. See README.md.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuiltFunction, buildFunctions } from '../../bin/build.ts';
import { unreachable } from '../../test/local/unreachable.ts';
import { eagerly } from './eagerly.ts';

const rounds = 11;
/** Bytes that are loaded as it starts, beside WebAssembly. */
const mostBytes = 1_000_000;
const mostOfEager = 0.5;
const root = dirname(dirname(import.meta.dirname));
const folder = join(root, '.polystore', 'bench', `bundle-${process.pid}`);

const build = async (
  name: string,
  plugins: Parameters<typeof buildFunctions>[0]['plugins'],
): Promise<BuiltFunction> => {
  const outDir = join(folder, name);
  const [built] = await buildFunctions({ root, outDir, names: ['query'], ...(plugins && { plugins }) });
  if (built === undefined) throw new TypeError('the query function was not built');
  return built;
};

interface Loaded {
  readonly wallMs: number;
  /** Processor time of the process from before the import, user and system. */
  readonly cpuMs: number;
  readonly exported: string;
}

/** Loads a bundle in a process of its own, as the runtime does, and says what the import took there. */
function load({ folder: built }: BuiltFunction): Loaded {
  const index = pathToFileURL(join(built, 'dist', 'index.js')).href;
  const program = join(built, 'load.mjs');
  writeFileSync(
    program,
    `const begun = performance.now();
const before = process.cpuUsage();
const exported = await import(${JSON.stringify(index)});
const { user, system } = process.cpuUsage(before);
const told = { wallMs: performance.now() - begun, cpuMs: (user + system) / 1000, exported: typeof exported.handler };
process.stdout.write(JSON.stringify(told), () => process.exit(0));`,
  );
  return JSON.parse(execFileSync(process.execPath, [program], { env: unreachable, encoding: 'utf8' }));
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const spread = (values: readonly number[]): string =>
  `${median(values).toFixed(1)} (${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)})`;
const verdict = (holds: boolean): string => (holds ? 'passed' : 'FAILED');

mkdirSync(folder, { recursive: true });
try {
  const lazy = await build('lazy', undefined);
  const eager = await build('eager', [eagerly]);
  const kB = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;
  for (const [name, { bytes, bytesInAll }] of [
    ['as deployed', lazy],
    ['eager', eager],
  ] as const)
    console.log(`${name}: loads ${kB(bytes)} as it starts, of ${kB(bytesInAll)}`);
  const isSmall = lazy.bytes <= mostBytes;
  console.log(`loaded as it starts: ${verdict(isSmall)}, asked for at most ${kB(mostBytes)}`);

  const costs: { readonly ours: Loaded; readonly all: Loaded }[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    // In turns, each first as often as the other; the first round is not counted.
    const first = round % 2 === 0 ? load(lazy) : undefined;
    const all = load(eager);
    const ours = first ?? load(lazy);
    if (ours.exported !== 'function' || all.exported !== 'function')
      throw new Error('a bundle does not export a handler');
    if (round > 0) costs.push({ ours, all });
  }
  const ratios = costs.map(({ ours, all }) => ours.cpuMs / all.cpuMs);
  console.log(`load average ${loadavg()[0]?.toFixed(1)}`);
  for (const what of ['wallMs', 'cpuMs'] as const)
    console.log(
      `${what === 'wallMs' ? 'wall' : 'processor'}: as deployed ${spread(costs.map(({ ours }) => ours[what]))} ms, eager ${spread(costs.map(({ all }) => all[what]))} ms`,
    );
  const isQuick = median(ratios) <= mostOfEager;
  console.log(
    `of the eager load's processor time: ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}): ${verdict(isQuick)}, asked for at most ${mostOfEager}`,
  );
  if (!isSmall || !isQuick) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
