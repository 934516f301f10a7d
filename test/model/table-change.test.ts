import { describe, expect, it } from '@jest/globals';
import { planTableChange } from '../../lambda/model/index.ts';

const global = (name: string) => ({
  name,
  partitionKeyAttribute: `${name}_pk`,
  sortKeyAttribute: `${name}_sk`,
});
const local = (name: string, sortKeyType: 'S' | 'N' = 'N') => ({ name, sortKeyAttribute: name, sortKeyType });
const table = (globals: readonly string[], locals: readonly ReturnType<typeof local>[] = []) => ({
  globalIndexes: globals.map(global),
  localIndexes: locals,
});

describe('from one table to another', () => {
  it('there is nothing to do when their indexes are the same, in whatever order', () => {
    expect(
      planTableChange(
        table(['a', 'b'], [local('x'), local('y')]),
        table(['b', 'a'], [local('y'), local('x')]),
      ),
    ).toEqual({ steps: [], problems: [] });
  });

  it.each([
    ['make', table(['a']), table(['a', 'b'])],
    ['remove', table(['a', 'b']), table(['a'])],
  ] as const)('it is one update to %s an index', (kind, before, after) => {
    expect(planTableChange(before, after)).toEqual({ steps: [{ kind, index: 'b' }], problems: [] });
  });

  it('two changes of indexes are two updates', () => {
    const { steps, problems } = planTableChange(table(['a', 'b']), table(['b', 'c']));

    expect(steps).toEqual([
      { kind: 'remove', index: 'a' },
      { kind: 'make', index: 'c' },
    ]);
    expect(problems).toEqual([
      'DynamoDB makes or removes one index an update, and the model asks for remove a, make c: deploy them one after the other.',
    ]);
  });

  it('an index with other keys is removed and made', () => {
    const { steps, problems } = planTableChange(table(['a']), {
      globalIndexes: [{ ...global('a'), sortKeyAttribute: 'other' }],
      localIndexes: [],
    });

    expect(steps.map(({ kind }) => kind)).toEqual(['remove', 'make']);
    expect(problems).toHaveLength(1);
  });

  it.each([
    ['made y', [local('x')], [local('x'), local('y')]],
    ['removed x', [local('x')], []],
    ['changed x', [local('x')], [local('x', 'S')]],
  ])('no local index is %s', (what, before, after) => {
    expect(planTableChange(table([], before), table([], after))).toEqual({
      steps: [],
      problems: [
        `Local indexes are as their table was made, and the model has ${what}: keep them as they were (x), use indexes instead, or replace the table, which loses its rows.`,
      ],
    });
  });

  it('everything that is not done is told at once', () => {
    const { problems } = planTableChange(table(['a', 'b'], [local('x')]), table([], []));

    expect(problems).toHaveLength(2);
  });
});
