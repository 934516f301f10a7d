import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildResult, build, type Metafile, type Plugin } from 'esbuild';
import { PolystoreError } from '../lambda/errors.ts';
import { compile, functionsOf, routerService } from '../lambda/model/index.ts';
import model from '../model/flights.ts';
import { nativePackages, placePackages } from './native-packages.ts';

export interface BuildOptions {
  /** The project's root: handlers are `<root>/lambda/handlers/<name>.ts`. */
  readonly root: string;
  /** Gets a folder and a `<name>.meta.json` for each function. */
  readonly outDir: string;
  /** @default every function that the deployed model needs */
  readonly names?: readonly string[];
  /** What a test changes in the sources on their way into the bundles. @default none */
  readonly plugins?: readonly Plugin[];
}

/** A function as it is deployed: CDK, deploy test and `local/` all take this folder as it is. */
export interface BuiltFunction {
  readonly name: string;
  /** Absolute; holds `package.json`, `dist/` and, where there are native packages, `node_modules/`. */
  readonly folder: string;
  readonly handler: 'dist/index.handler';
  /** Of `dist/index.js` and the files that it imports as it starts; what a cold start has to parse. */
  readonly bytes: number;
  /** With the files that are imported when they are needed. */
  readonly bytesInAll: number;
  /** File names of the WebAssembly modules beside it. */
  readonly wasm: readonly string[];
  /** Names of the packages beside it, in `node_modules/`: those that load a native library. */
  readonly packages: readonly string[];
}

/** What a bundle needs beside itself at run time, as soon as it holds a file of that package. */
const companions = [
  { package: 'libpg-query', file: 'wasm/libpg-query.wasm' },
  { package: '@platformatic/wasm-utils', file: 'dist/native.wasm' },
] as const;

/** CommonJS code inside an ES module still asks for these names, which ES modules do not have. */
const banner = [
  "import { createRequire as __createRequire } from 'node:module';",
  "import { fileURLToPath as __fileURLToPath } from 'node:url';",
  'const require = __createRequire(import.meta.url);',
  'const __filename = __fileURLToPath(import.meta.url);',
  "const __dirname = __fileURLToPath(new URL('.', import.meta.url));",
].join('\n');

/**
 * Bundles each function into a folder of its own: `dist/index.js` (an ES module that exports
 * `handler`), beside it a file for what it imports when it is needed, the WebAssembly it uses, `package.json`. Everything is inside, the AWS SDK too, but for
 * packages with a native library, which lie beside it: what was tested is what runs, whatever SDK the
 * runtime ships. The same sources give the same bytes, and
 * a file that would not change is not written. `<name>.meta.json` is esbuild's account of what takes
 * how much of a bundle, for https://esbuild.github.io/analyze/ and for budgets of size.
 *
 * @throws PolystoreError `setup_failed` with esbuild's messages, or the file that is missing.
 */
export async function buildFunctions({
  root,
  outDir,
  names,
  plugins = [],
}: BuildOptions): Promise<readonly BuiltFunction[]> {
  const wanted = names ?? functionsOf(compile(model)).map((spec) => spec.name);
  await refuseMissing(root, wanted);
  // One bundling reads what functions share once; files that are shared would lie in another one's folder.
  const whole = wanted.filter((name) => !inParts.has(name));
  const groups = [...wanted.filter((name) => inParts.has(name)).map((name) => [name]), whole];
  const built = await Promise.all(
    groups.map((group) => bundle(group, { root, outDir: resolve(outDir), plugins })),
  );
  const byName = new Map(built.flat().map((each) => [each.name, each]));
  return wanted.flatMap((name) => byName.get(name) ?? []);
}

/** Functions that open most stores, and few of them for one request: what they import when it is needed lies apart. */
const inParts: ReadonlySet<string> = new Set(['query', routerService.name, 'combine']);

async function bundle(
  names: readonly string[],
  { root, outDir, plugins }: Required<Omit<BuildOptions, 'names'>>,
): Promise<readonly BuiltFunction[]> {
  if (names.length === 0) return [];
  const [only, ...more] = names;
  const result = await build({
    absWorkingDir: resolve(root),
    entryPoints: Object.fromEntries(
      names.map((name) => [`${name}/dist/index`, `lambda/handlers/${name}.ts`]),
    ),
    outdir: outDir,
    bundle: true,
    ...(more.length === 0 && inParts.has(only ?? '')
      ? { splitting: true, chunkNames: `${only}/dist/[name]-[hash]` }
      : {}),
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: Object.keys(nativePackages),
    plugins: [...plugins],
    // Packages' ES modules first: only they can be shaken.
    mainFields: ['module', 'main'],
    banner: { js: banner },
    // Identifiers stay: stack traces and error names in the logs are read by people.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'silent',
  }).catch((cause: unknown) => {
    throw new PolystoreError(
      'setup_failed',
      `The functions ${names.join(', ')} could not be bundled: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  });
  return Promise.all(names.map((name) => writeFunction({ root, folder: join(outDir, name), name }, result)));
}

async function writeFunction(
  { root, folder, name }: { readonly root: string; readonly folder: string; readonly name: string },
  { metafile, outputFiles }: BuildResult<{ metafile: true; write: false }>,
): Promise<BuiltFunction> {
  const dist = join(folder, 'dist');
  const account = accountOf(metafile, `${name}/dist/`);
  const wasm = companionFiles(account).map((path) => resolve(root, path));
  await writeIfChanged(`${folder}.meta.json`, Buffer.from(JSON.stringify(account)));
  await writeIfChanged(join(folder, 'package.json'), Buffer.from('{"type":"module"}\n'));
  for (const path of wasm) await writeIfChanged(join(dist, basename(path)), await readFile(path));
  const packages = packagesOf(account);
  await placePackages(root, folder, packages);
  // The entry last: whoever starts it finds what it imports.
  const files = outputFiles
    .filter(({ path }) => dirname(path) === dist)
    .toSorted((a, b) => Number(isEntry(a.path)) - Number(isEntry(b.path)));
  if (files.length === 0) throw new TypeError(`esbuild wrote nothing into ${dist}`);
  for (const { path, contents } of files) await writeIfChanged(path, contents);
  await removeOthers(dist, [...files.map(({ path }) => path), ...wasm]);
  return {
    name,
    folder,
    handler: 'dist/index.handler',
    ...weigh(account),
    wasm: wasm.map((path) => basename(path)),
    packages,
  };
}

const entryName = 'index.js';
const isEntry = (path: string): boolean => basename(path) === entryName;

/** The part of esbuild's account that is about one bundle; its own names depend on where the output folder is. */
function accountOf(metafile: Metafile, folder: string): Metafile {
  const mine = Object.entries(metafile.outputs).filter(([path]) => `/${path}`.includes(`/${folder}`));
  const used = new Set(mine.flatMap(([, output]) => Object.keys(output.inputs)));
  const inputs = Object.entries(metafile.inputs).filter(([path]) => used.has(path));
  const outputs = mine.map(([path, output]) => {
    const imports = output.imports.map((each) =>
      each.external === true ? each : { ...each, path: basename(each.path) },
    );
    return [basename(path), { ...output, imports }] as const;
  });
  return { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) };
}

/** What of a bundle is loaded as it starts, and all of it. */
function weigh({ outputs }: Metafile): Pick<BuiltFunction, 'bytes' | 'bytesInAll'> {
  const loaded = new Set<string>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { path, kind, external } of outputs[file]?.imports ?? [])
      if (kind === 'import-statement' && external !== true) load(path);
  };
  load(entryName);
  const sum = (files: Iterable<string>): number =>
    [...files].reduce((bytes, file) => bytes + (outputs[file]?.bytes ?? 0), 0);
  return { bytes: sum(loaded), bytesInAll: sum(Object.keys(outputs)) };
}

/** Files of an earlier build. */
async function removeOthers(folder: string, kept: readonly string[]): Promise<void> {
  const names = new Set(kept.map((path) => basename(path)));
  for (const name of await readdir(folder)) if (!names.has(name)) await rm(join(folder, name));
}

/** Paths, relative to the root, of the WebAssembly that a bundle needs. */
function companionFiles(account: Metafile): readonly string[] {
  const inputs = Object.keys(account.inputs);
  return companions.flatMap(({ package: name, file }) => {
    const folder = `node_modules/${name}/`;
    const input = inputs.find((path) => path.includes(folder));
    return input === undefined ? [] : [input.slice(0, input.lastIndexOf(folder)) + folder + file];
  });
}

/** The native packages that a bundle imports, and those that they need. */
function packagesOf(account: Metafile): readonly string[] {
  const imports = Object.values(account.outputs).flatMap((output) => output.imports);
  const native = imports.flatMap(({ path, external }) =>
    external === true ? (nativePackages[path] ?? []) : [],
  );
  return [...new Set(native)];
}

async function refuseMissing(root: string, names: readonly string[]): Promise<void> {
  const found = await Promise.all(
    names.map(async (name) => {
      const file = join(root, 'lambda', 'handlers', `${name}.ts`);
      return stat(file).then(
        () => undefined,
        () => file,
      );
    }),
  );
  const missing = found.filter((file) => file !== undefined);
  if (missing.length === 0) return;
  throw new PolystoreError(
    'setup_failed',
    `The model needs functions that have no handler: ${missing.join(', ')} cannot be read. Write the handler, or build by name those that exist.`,
    { details: { missing } },
  );
}

/** Replaced as a whole, so that whoever reads at the same time sees the old file or the new one. */
async function writeIfChanged(path: string, contents: Uint8Array): Promise<void> {
  const held = await readFile(path).catch(() => undefined);
  if (held?.equals(contents)) return;
  await mkdir(dirname(path), { recursive: true });
  const next = `${path}.${process.pid}.new`;
  await writeFile(next, contents);
  await rename(next, path);
}

const thisFile = fileURLToPath(import.meta.url);
if (process.argv[1] !== undefined && resolve(process.argv[1]) === thisFile) {
  const root = dirname(dirname(thisFile));
  const begun = performance.now();
  try {
    const built = await buildFunctions({ root, outDir: join(root, 'dist', 'functions') });
    const kB = (size: number): string => String(Math.round(size / 1024)).padStart(5);
    for (const { name, bytes, bytesInAll, wasm, packages } of built) {
      const beside = [...wasm, ...packages].join(' ');
      console.log(`${name.padEnd(16)} ${kB(bytes)} kB, ${kB(bytesInAll)} in all  ${beside}`);
    }
    console.log(`${built.length} functions in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  } catch (error) {
    console.error(error instanceof PolystoreError ? error.message : error);
    process.exitCode = 1;
  }
}
