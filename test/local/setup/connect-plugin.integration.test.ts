import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import {
  buildConnectPlugin,
  connectPluginSha256,
  locateDownloads,
  setUp,
} from '../../../local/setup/index.ts';

const root = join(import.meta.dirname, '..', '..', '..');

test('the archive of Debezium for MSK Connect is the same bytes, built twice and from a fresh folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'polystore-plugin-'));
  try {
    await setUp({ root, silent: true, parts: ['debezium', 'connect-aws'] });
    const here = locateDownloads(root);
    // A copy has times and an order of files of its own.
    const copy = { connectPlugins: join(folder, 'plugins'), connectAws: join(folder, 'aws') };
    for (const part of ['connectPlugins', 'connectAws'] as const)
      cpSync(here[part], copy[part], { recursive: true });

    const built = [
      await buildConnectPlugin({ downloads: here, outFile: join(folder, 'first.zip') }),
      await buildConnectPlugin({ downloads: here, outFile: join(folder, 'second.zip') }),
      await buildConnectPlugin({
        downloads: copy,
        outFile: join(folder, 'from', 'a', 'fresh', 'folder.zip'),
      }),
    ];

    expect(built.map(({ sha256 }) => sha256)).toEqual(Array(3).fill(connectPluginSha256));
    const [first, ...others] = built.map(({ file }) => readFileSync(file));
    for (const other of others) expect(first?.equals(other)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
