import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { unzipSync } from 'fflate';
import { buildConnectPlugin, renderPluginArchive } from '../../../local/setup/connect-plugin.ts';
import { debeziumFolder } from '../../../local/setup/downloads.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polystore-plugin-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const jar = (text: string): Uint8Array => Buffer.from(text);

describe('renderPluginArchive', () => {
  test('puts each jar, whole, into one folder', () => {
    const archive = renderPluginArchive(new Map([['a.jar', jar('first')]]));

    expect(unzipSync(archive)).toEqual({
      'debezium-connector-postgres/a.jar': new Uint8Array(Buffer.from('first')),
    });
  });

  test('gives the same bytes in whatever order the jars were found', () => {
    const jars = [['a.jar', jar('first')] as const, ['b.jar', jar('second')] as const];

    const archives = [jars, jars.toReversed()].map((each) => renderPluginArchive(new Map(each)));

    expect(Buffer.compare(...(archives as [Uint8Array, Uint8Array]))).toBe(0);
  });

  test('gives the same bytes in every time zone and at every time', () => {
    const script = join(import.meta.dirname, '..', '..', '..', 'local', 'setup', 'connect-plugin.ts');
    const program = `
      const { renderPluginArchive } = await import(${JSON.stringify(pathToFileURL(script).href)});
      const archive = renderPluginArchive(new Map([['a.jar', Buffer.from('first')]]));
      process.stdout.write(Buffer.from(archive).toString('hex'));`;

    const archives = ['Pacific/Kiritimati', 'America/Los_Angeles', 'UTC'].map((TZ) =>
      execFileSync(process.execPath, ['--input-type=module', '-e', program], {
        env: { ...process.env, TZ },
        encoding: 'utf8',
      }),
    );

    expect(new Set(archives).size).toBe(1);
    expect(archives[0]).not.toBe('');
  });
});

describe('buildConnectPlugin', () => {
  test('names each jar that is missing, additional or different, and what to do', async () => {
    const connectPlugins = join(folder, 'plugins');
    mkdirSync(debeziumFolder(connectPlugins), { recursive: true });
    writeFileSync(join(debeziumFolder(connectPlugins), 'sketches-java-0.8.2.jar'), 'tampered with');
    writeFileSync(join(debeziumFolder(connectPlugins), 'stranger.jar'), 'a jar of another plugin');

    const attempt = buildConnectPlugin({
      downloads: { connectPlugins, connectAws: join(folder, 'aws') },
      outFile: join(folder, 'plugin.zip'),
    });

    await expect(attempt).rejects.toThrow(
      /postgresql-42\.7\.13\.jar is missing.*sketches-java-0\.8\.2\.jar has SHA-256 [0-9a-f]{64} and should have b24c3d.*stranger\.jar is not one of the plugin's jars.*deleting/s,
    );
  });

  test('says that set-up has to run first when there are no jars', async () => {
    const connectPlugins = join(folder, 'nowhere');

    const attempt = buildConnectPlugin({
      downloads: { connectPlugins, connectAws: join(folder, 'aws') },
      outFile: join(folder, 'plugin.zip'),
    });

    await expect(attempt).rejects.toThrow(/nowhere.*cannot be read.*set-up/);
  });
});
