// `npm run bench:synth`: synth of dev, beside an app that makes the same resources plainly. See README.md.
import { spawn } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readStacks, renderPlainApp } from './plain-app.ts';

const root = dirname(dirname(import.meta.dirname));
const functions = join(root, 'dist', 'functions');
const folder = join(root, '.polystore', 'bench', `synth-${process.pid}`);
const rounds = 5;
const bar = 2;
const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')) as { context: object };

interface Cost {
  readonly wallSeconds: number;
  /** User and system, of all its threads. */
  readonly cpuSeconds: number;
}

/** Runs a CDK app as the command line does, and asks the shell what it took. */
async function synthesise(app: string, output: string): Promise<Cost> {
  rmSync(output, { recursive: true, force: true });
  const child = spawn(
    'bash',
    ['-c', 'TIMEFORMAT="%R %U %S"; time "$@" > "$OUT" 2>&1', 'bash', process.execPath, app],
    {
      cwd: root,
      env: {
        ...process.env,
        // The CDK checks every template in each synth; the same work for both, and most of it.
        CDK_VALIDATION: 'false',
        OUT: `${output}.log`,
        CDK_OUTDIR: output,
        CDK_CONTEXT_JSON: JSON.stringify({ ...context, env: 'dev' }),
      },
      stdio: ['ignore', 'inherit', 'pipe'],
    },
  );
  let told = '';
  child.stderr.on('data', (data: Buffer) => {
    told += data.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${app} failed: ${readFileSync(`${output}.log`, 'utf8').slice(-2000)}`);
  const [wallSeconds = Number.NaN, user = Number.NaN, system = Number.NaN] = told
    .trim()
    .split(' ')
    .map(Number);
  return { wallSeconds, cpuSeconds: user + system };
}

/** Without metadata, in which are paths of constructs, and without hashes: the CDK has its own for its own handlers. */
const resourcesOf = (file: string): unknown => {
  const text = readFileSync(file, 'utf8').replaceAll(/[a-f0-9]{64}\.zip/g, '<asset>');
  const { Resources, Outputs } = JSON.parse(text, (key, value) =>
    key === 'Metadata' ? undefined : value,
  ) as { Resources?: unknown; Outputs?: unknown };
  return { Resources, Outputs };
};

/** @throws Error that names the templates that are not the same. */
function refuseDifferences(ours: string, plain: string): number {
  const files = globSync(join(ours, '*.template.json')).map((file) => basename(file));
  const different = files.filter(
    (file) => !isDeepStrictEqual(resourcesOf(join(ours, file)), resourcesOf(join(plain, file))),
  );
  if (files.length === 0 || different.length > 0)
    throw new Error(`The two apps do not make the same: ${different.join(', ')} (${files.length} templates)`);
  return files.length;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const spread = (values: readonly number[]): string =>
  `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`;

mkdirSync(folder, { recursive: true });
try {
  const oursApp = join(root, 'bin', 'polystore.ts');
  const plainApp = join(folder, 'plain.ts');
  const [ours, plain] = [join(folder, 'ours'), join(folder, 'plain')];
  await synthesise(oursApp, ours);
  const kept = join(folder, 'kept');
  cpSync(ours, kept, { recursive: true });
  writeFileSync(plainApp, renderPlainApp(root, functions, readStacks(kept, functions)));
  await synthesise(plainApp, plain);
  console.log(`${refuseDifferences(ours, plain)} templates are the same`);

  const costs: { readonly ours: Cost; readonly plain: Cost }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // In turns, each first as often as the other.
    const first = round % 2 === 0;
    const before = first ? await synthesise(oursApp, ours) : undefined;
    const plainCost = await synthesise(plainApp, plain);
    const oursCost = before ?? (await synthesise(oursApp, ours));
    costs.push({ ours: oursCost, plain: plainCost });
    console.log(
      `round ${round + 1}: ours ${oursCost.cpuSeconds.toFixed(1)} s of processor, ${oursCost.wallSeconds.toFixed(1)} s; plain ${plainCost.cpuSeconds.toFixed(1)} s, ${plainCost.wallSeconds.toFixed(1)} s; load ${loadavg()[0]?.toFixed(1)}`,
    );
  }
  const ratios = costs.map((cost) => cost.ours.cpuSeconds / cost.plain.cpuSeconds);
  console.log(
    `processor: ours ${spread(costs.map((cost) => cost.ours.cpuSeconds))} s, plain ${spread(costs.map((cost) => cost.plain.cpuSeconds))} s`,
  );
  console.log(
    `wall: ours ${spread(costs.map((cost) => cost.ours.wallSeconds))} s, plain ${spread(costs.map((cost) => cost.plain.wallSeconds))} s`,
  );
  console.log(`ratio of processor time: ${spread(ratios)}; bar: under ${bar}`);
  if (median(ratios) >= bar) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
