import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { addModelCommands } from '../../bin/commands/model.ts';
import { readCommittedModel, writeCommittedModel } from '../../bin/committed-model.ts';
import { compile, type IndexWaves, wavesOf } from '../../lambda/model/index.ts';
import flights from '../../model/flights.ts';

const catalog = compile(flights);
const [first, second] = catalog.table?.globalIndexes ?? [];
if (first === undefined || second === undefined) throw new TypeError('the sample has two indexes');

let root = '';
let printed: string[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'polystore-diff-'));
  for (const folder of ['model', 'lib/environments']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(environmentFile(), 'const dev = { table: { indexWave: 0 } };\n');
  printed = [];
  jest.spyOn(console, 'log').mockImplementation((line: unknown) => {
    printed.push(String(line));
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = 0;
  rmSync(root, { recursive: true, force: true });
});

const environmentFile = (): string => join(root, 'lib', 'environments', 'dev.ts');
const environmentText = (): string => readFileSync(environmentFile(), 'utf8');
const commit = (waves: IndexWaves, of = catalog): void => writeCommittedModel(root, { waves, catalog: of });
const diff = async (...options: readonly string[]) => {
  const program = new Command();
  addModelCommands(program, root);
  await program.parseAsync(['model', 'diff', '--json', ...options], { from: 'user' });
  return JSON.parse(printed.at(-1) ?? '') as {
    readonly changes: readonly string[];
    readonly refused: readonly string[];
    readonly waves: readonly string[];
    readonly environments: Readonly<Record<string, number>>;
  };
};

describe('polystore model diff', () => {
  test('says what waves lead to the model, and writes nothing by itself', async () => {
    commit(wavesOf([first]));

    const { waves } = await diff();

    expect(waves).toEqual([
      `make the index ${second.name}`,
      `let queries use ${second.name}, once it is filled`,
    ]);
    expect(readCommittedModel(root)?.waves.steps).toEqual([]);
  });

  test('writes the waves down, and takes the environment that is named one of them on', async () => {
    commit(wavesOf([first]));

    const { environments } = await diff('--write', '--env', 'dev');

    expect(readCommittedModel(root)?.waves.steps.map(({ kind }) => kind)).toEqual(['make', 'use']);
    expect(environments).toMatchObject({ dev: 1, prod: 0 });
    expect(environmentText()).toBe('const dev = { table: { indexWave: 1 } };\n');
  });

  test('lets queries use an index only when somebody says that it is filled', async () => {
    commit({ created: [first, second], steps: [{ kind: 'use', index: second }] });

    await expect(diff('--write', '--env', 'dev')).rejects.toThrow(
      /items that were last written before wave 0 was deployed are not in it.*say --filled byStatus/,
    );
    expect(environmentText()).toContain('indexWave: 0');
    await diff('--write', '--env', 'dev', '--filled', second.name);
    expect(environmentText()).toContain('indexWave: 1');
  });

  test('goes no further than the last wave', async () => {
    commit(wavesOf([first, second]));

    await expect(diff('--write', '--env', 'dev')).rejects.toThrow(/dev is at wave 0, the last one/);
  });

  test('fails for what cannot be done, and writes none of it', async () => {
    const [entity] = catalog.entities;
    commit(wavesOf([first]), {
      ...catalog,
      entities: catalog.entities.map((each) => (each === entity ? { ...each, key: ['other'] } : each)),
    });

    const { refused } = await diff('--write', '--env', 'dev');

    expect(refused).toEqual([expect.stringMatching(/^airport\.key was/)]);
    expect(process.exitCode).toBe(1);
    expect(readCommittedModel(root)?.waves.steps).toEqual([]);
    expect(environmentText()).toContain('indexWave: 0');
  });

  test('takes no file that it did not write', async () => {
    writeFileSync(join(root, 'model', 'committed.json'), '{"waves": 1}');

    await expect(diff()).rejects.toThrow(/is not as "polystore model diff --write" writes it/);
  });
});
