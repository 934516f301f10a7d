import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';
import { PolystoreError } from '../lambda/errors.ts';
import { compile, functionsOf } from '../lambda/model/index.ts';
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
  /** Of `dist/index.js`; what a cold start has to parse. */
  readonly bytes: number;
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
 * `handler`), the WebAssembly it uses, `package.json`. Everything is inside, the AWS SDK too, but for
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
  const result = await build({
    absWorkingDir: resolve(root),
    entryPoints: Object.fromEntries(
      wanted.map((name) => [`${name}/dist/index`, `lambda/handlers/${name}.ts`]),
    ),
    outdir: resolve(outDir),
    bundle: true,
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
      `The functions ${wanted.join(', ')} could not be bundled: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  });

  return Promise.all(
    wanted.map(async (name) => {
      const folder = resolve(outDir, name);
      const index = join(folder, 'dist', 'index.js');
      const output = result.outputFiles.find((file) => file.path === index);
      if (output === undefined) throw new TypeError(`esbuild wrote no ${index}`);
      const account = accountOf(result.metafile, `lambda/handlers/${name}.ts`);
      const wasm = companionFiles(account).map((path) => resolve(root, path));
      await writeIfChanged(`${folder}.meta.json`, Buffer.from(JSON.stringify(account)));
      await writeIfChanged(join(folder, 'package.json'), Buffer.from('{"type":"module"}\n'));
      for (const path of wasm)
        await writeIfChanged(join(folder, 'dist', basename(path)), await readFile(path));
      const packages = packagesOf(account);
      await placePackages(root, folder, packages);
      await writeIfChanged(index, output.contents);
      return {
        name,
        folder,
        handler: 'dist/index.handler',
        bytes: output.contents.length,
        wasm: wasm.map((path) => basename(path)),
        packages,
      };
    }),
  );
}

/** The part of esbuild's account that is about one bundle. */
function accountOf(metafile: Metafile, entryPoint: string): Metafile {
  const outputs = Object.entries(metafile.outputs).filter(([, output]) => output.entryPoint === entryPoint);
  const used = new Set(outputs.flatMap(([, output]) => Object.keys(output.inputs)));
  const inputs = Object.entries(metafile.inputs).filter(([path]) => used.has(path));
  // Relative to the root, the output's own name would depend on where the output folder is.
  const named = outputs.map(([path, output]) => [basename(path), output] as const);
  return { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(named) };
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
    for (const { name, bytes, wasm, packages } of built) {
      const beside = [...wasm, ...packages].join(' ');
      console.log(`${name.padEnd(14)} ${String(Math.round(bytes / 1024)).padStart(6)} kB  ${beside}`);
    }
    console.log(`${built.length} functions in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  } catch (error) {
    console.error(error instanceof PolystoreError ? error.message : error);
    process.exitCode = 1;
  }
}
