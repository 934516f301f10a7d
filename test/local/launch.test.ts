import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const launcher = join(import.meta.dirname, '..', '..', 'bin', 'launch.js');
let root: string;

/** A project of one package, with an npm that installs nothing. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'polystore-launch-'));
  write('package.json', JSON.stringify({ type: 'module', dependencies: { one: '1.0.0' } }));
  write('tools/npm', '#!/bin/sh\nexit 7\n', 0o755);
  mkdirSync(join(root, 'bin'));
  copyFileSync(launcher, join(root, 'bin', 'launch.js'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string, mode = 0o644): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode });
}

const launch = () =>
  spawnSync(process.execPath, [join(root, 'bin', 'launch.js'), 'status'], {
    encoding: 'utf8',
    env: { PATH: `${join(root, 'tools')}:/usr/bin:/bin` },
  });

test('packages that an interrupted install left half-written are installed again', () => {
  write('node_modules/node/bin/node', '');
  write('node_modules/one/package.json', '{"version":"1.');

  const { status, stderr } = launch();

  expect(status).toBe(1);
  expect(stderr).toMatch(/^Packages: installing .*\nPackages: not installed\. npm ci ended with 7\. .*\n$/);
});

test('a Node that cannot be run is told in one line', () => {
  write('node_modules/node/bin/node', '');
  write('node_modules/one/package.json', '{"version":"1.0.0"}');

  const { status, stderr } = launch();

  expect(status).toBe(1);
  expect(stderr).toMatch(/^Node 24 cannot be run: .*Delete .*node_modules.*\n$/);
});
