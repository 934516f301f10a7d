import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  areCurrent,
  extendWaves,
  type GlobalIndex,
  type IndexWaves,
  indexesAt,
  wavesOf,
} from '../../lambda/model/index.ts';

/** An index, of one of two sorts of keys: an index of the same name may come to have others. */
const index = (name: string, keys = ''): GlobalIndex => ({
  name,
  partitionKeyAttribute: `${name}_pk${keys}`,
  sortKeyAttribute: `${name}_sk`,
});
const indexes = fc
  .uniqueArray(fc.integer({ min: 0, max: 25 }), { maxLength: 20 })
  .chain((numbers) =>
    fc
      .array(fc.constantFrom('', '2'), { minLength: numbers.length, maxLength: numbers.length })
      .map((keys) => numbers.map((number, at) => index(`index${number}`, keys[at]))),
  );
/** A history: the table as it was made, and what models asked for since. */
const histories = fc
  .tuple(indexes, fc.array(indexes, { minLength: 1, maxLength: 4 }))
  .map(([created, models]) => ({
    waves: models.reduce(extendWaves, wavesOf(created)),
    wanted: models.at(-1) ?? [],
  }));

const textsOf = (all: readonly GlobalIndex[]): readonly string[] =>
  all.map((each) => JSON.stringify(each)).sort();

/** The waves of a history one by one, each with what it begins and ends with. */
const stepsOf = (waves: IndexWaves) =>
  waves.steps.map((_, wave) => {
    const [before, after] = [indexesAt(waves, wave), indexesAt(waves, wave + 1)];
    const [were, are] = [new Set(textsOf(before.made)), new Set(textsOf(after.made))];
    return {
      made: after.made.length,
      changed: were.symmetricDifference(are).size,
      inBoth: before.made.filter((each) => are.has(JSON.stringify(each))).map(({ name }) => name),
      used: [...before.used, ...after.used],
    };
  });

describe('from any indexes to any others', () => {
  test('each wave makes or removes one index at most, and the table never has more than it takes', () => {
    fc.assert(
      fc.property(histories, ({ waves }) => {
        expect(stepsOf(waves).filter(({ made, changed }) => made > 20 || changed > 1)).toEqual([]);
      }),
    );
  });

  test('the last wave has all that the model asks for and nothing else, and queries use it', () => {
    fc.assert(
      fc.property(histories, ({ waves, wanted }) => {
        const { made, used } = indexesAt(waves, waves.steps.length);

        expect(textsOf(made)).toEqual(textsOf(wanted));
        expect(used).toEqual(wanted.map(({ name }) => name).sort());
        expect(areCurrent(waves, wanted)).toBe(true);
      }),
    );
  });

  test('queries use only what the table has at their wave, at the one before and at the one after', () => {
    fc.assert(
      fc.property(histories, ({ waves }) => {
        // While the one is replaced by the other, in whichever order.
        expect(
          stepsOf(waves).filter(({ inBoth, used }) => used.some((name) => !inBoth.includes(name))),
        ).toEqual([]);
      }),
    );
  });

  test('a model that asks for the same again adds no wave', () => {
    fc.assert(
      fc.property(histories, ({ waves, wanted }) => {
        expect(extendWaves(waves, wanted.toReversed())).toEqual(waves);
      }),
    );
  });
});

test('what is new is used before what is old is left', () => {
  const { steps } = extendWaves(wavesOf([index('old')]), [index('new')]);

  expect(steps.map(({ kind, index: { name } }) => `${kind} ${name}`)).toEqual([
    'make new',
    'use new',
    'leave old',
    'remove old',
  ]);
});

test('a full table loses one first', () => {
  const full = Array.from({ length: 20 }, (_, at) => index(`index${at}`));

  const { steps } = extendWaves(wavesOf(full), [...full.slice(1), index('new')]);

  expect(steps.map(({ kind }) => kind)).toEqual(['leave', 'remove', 'make', 'use']);
});

test('a table that is made at a later wave has all of its indexes at once', () => {
  const waves = extendWaves(wavesOf([]), [index('a'), index('b')]);

  expect(indexesAt(waves, 4)).toEqual({ made: [index('a'), index('b')], used: ['a', 'b'] });
  expect(indexesAt(waves, 1)).toEqual({ made: [index('a')], used: [] });
});
