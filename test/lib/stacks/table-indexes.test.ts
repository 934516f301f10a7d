import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { setWave } from '../../../bin/commands/model.ts';
import { readCommittedModel } from '../../../bin/committed-model.ts';
import {
  areCurrent,
  compareCatalogs,
  compile,
  extendWaves,
  type IndexWaves,
  wavesOf,
} from '../../../lambda/model/index.ts';
import { decideIndexes } from '../../../lib/stacks/table-indexes.ts';
import flights from '../../../model/flights.ts';
import { deploy, dev, root, templateOf } from '../deploy.ts';

const catalog = compile(flights);
const wanted = catalog.table?.globalIndexes ?? [];
/** A table that was made with one index that is gone and none of the model's two. */
const waves: IndexWaves = extendWaves(
  wavesOf([{ name: 'byGate', partitionKeyAttribute: 'byGate_pk', sortKeyAttribute: 'byGate_sk' }]),
  wanted,
);
const at = (indexWave: number, indexWaves = waves) =>
  deploy({ environment: { table: { ...dev.table, indexWave } }, indexWaves });

describe('a deployment at a wave', () => {
  test.each([
    [0, ['byGate'], 'byAircraft,byStatus'],
    [1, ['byAircraft', 'byGate'], 'byAircraft,byStatus'],
    [2, ['byAircraft', 'byGate'], 'byStatus'],
    [3, ['byAircraft', 'byGate', 'byStatus'], 'byStatus'],
    [4, ['byAircraft', 'byGate', 'byStatus'], undefined],
    [5, ['byAircraft', 'byGate', 'byStatus'], undefined],
    [6, ['byAircraft', 'byStatus'], undefined],
  ])('%i has the indexes %p; queries may not use %p', (wave, made, unready) => {
    const deployed = at(wave);

    templateOf(deployed, 'table').hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      StreamSpecification: Match.anyValue(),
      GlobalSecondaryIndexes: made.map((IndexName) => Match.objectLike({ IndexName })),
    });
    const told = Object.values(templateOf(deployed, 'functions').findResources('AWS::Lambda::Function'))
      .map(({ Properties }) => Properties.Environment?.Variables?.POLYSTORE_DYNAMODB_UNREADY_INDEXES)
      .filter((value) => value !== undefined);
    // The query function is told, and the one that combines for it.
    expect(told).toEqual(unready === undefined ? [] : [unready, unready]);
  });

  test.each([-1, 0.5, 7])('%p is refused: there is none', (wave) => {
    expect(() => at(wave)).toThrow(/there are waves 0 to 6/);
  });

  test('has an index as it was until its wave comes, and queries do without it meanwhile', () => {
    const [first, ...others] = wanted;
    if (first === undefined) throw new TypeError('the sample has indexes');
    const changed = extendWaves(
      wavesOf([{ ...first, projection: ['entity', 'version'] }, ...others]),
      wanted,
    );
    const unready = (wave: number) =>
      decideIndexes(catalog, { name: 'dev', table: { indexWave: wave } }, changed).unready;

    expect([0, 1, 2, 3, 4].map(unready)).toEqual([...Array(4).fill([first.name]), []]);
  });

  test('is refused where waves do not lead to the indexes of the model', () => {
    expect(() => at(0, wavesOf([]))).toThrow(/run "npx polystore model diff --write"/);
  });
});

describe('the sample', () => {
  test('is written down: its waves lead to its indexes, and nothing since cannot be done', () => {
    const committed = readCommittedModel(root);

    expect(committed && areCurrent(committed.waves, wanted)).toBe(true);
    expect(committed && compareCatalogs(committed.catalog, catalog).refused).toEqual([]);
  });
});

describe('the number in an environment’s file', () => {
  test('is raised where it stands once', () => {
    expect(setWave('{ table: { indexWave: 3, billing } }', 3, 4, 'dev.ts')).toBe(
      '{ table: { indexWave: 4, billing } }',
    );
  });

  test.each(['{}', '{ indexWave: 3, b: { indexWave: 3 } }', '{ indexWave: three }', '{ indexWave: 2 }'])(
    'is not guessed in %p',
    (source) => {
      expect(() => setWave(source, 3, 4, 'dev.ts')).toThrow(/dev\.ts has .* write the number 4 yourself/);
    },
  );
});
