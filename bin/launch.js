#!/usr/bin/env node
// The one way in. Runs on any Node from 20 with nothing installed: installs the packages that
// package.json pins, then hands over to Node 24 (a package too), which reads TypeScript as it is.
//
//   node bin/launch.js start …          bin/cli.ts start …
//   node bin/launch.js --run test/run.ts …   that file instead
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node24 = join(root, 'node_modules', 'node', 'bin', 'node');

/** Every direct dependency is pinned, so the installed versions tell whether an install is due. */
function packagesAreInstalled() {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return (
    existsSync(node24) &&
    Object.entries({ ...dependencies, ...devDependencies }).every(([name, version]) => {
      return installedVersion(name) === version;
    })
  );
}

/** Undefined for what is not there, and for what an interrupted install left half-written. */
function installedVersion(name) {
  try {
    return JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}

function installPackages() {
  const startedAt = Date.now();
  process.stderr.write('Packages: installing with npm ci (first run: about a minute) …\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (result.status === 0 && packagesAreInstalled()) {
    process.stderr.write(`Packages: installed in ${Math.round((Date.now() - startedAt) / 1000)} s\n`);
    return;
  }
  const why =
    result.error?.code === 'ENOENT'
      ? 'npm is not on the PATH. Install Node.js 20 or newer with npm.'
      : `npm ci ended with ${result.status ?? result.signal}. Its output is above; run "npm ci" in ${root} to see all of it.`;
  process.stderr.write(`Packages: not installed. ${why}\n`);
  process.exit(1);
}

if (Number(process.versions.node.split('.')[0]) < 20) {
  process.stderr.write(`Node ${process.versions.node} is too old: 20 or newer is needed to begin with.\n`);
  process.exit(1);
}
if (!packagesAreInstalled()) installPackages();

const [first, second, ...rest] = process.argv.slice(2);
const script =
  first === '--run'
    ? [join(root, second ?? ''), ...rest]
    : [join(root, 'bin', 'cli.ts'), ...process.argv.slice(2)];
const child = spawn(node24, script, {
  stdio: 'inherit',
  env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}` },
});
// Ctrl-C reaches the child by itself, being of the same process group; this process only waits.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
process.on('SIGHUP', () => child.kill('SIGHUP'));
child.on('error', (cause) => {
  process.stderr.write(
    `Node 24 cannot be run: ${cause.message}. Delete ${join(root, 'node_modules')} and run the same command again.\n`,
  );
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
