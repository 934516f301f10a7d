import { describe, expect, test } from '@jest/globals';
import { compile, functionsOf } from '../../../lambda/model/index.ts';
import { enginesOfApi, enginesOfFunction } from '../../../local/deployment/function-engines.ts';
import model from '../../../model/flights.ts';

const specs = functionsOf(compile(model));

describe('enginesOfFunction', () => {
  test.each([
    ['apply-redis', ['kafka', 'valkey', 'dynamodb']],
    ['apply-aurora', ['kafka', 'postgres-writer', 'dynamodb']],
    ['capture', ['dynamodb', 'kafka']],
  ])('%s is fed once what it reads from and writes to serves', (name, engines) => {
    const spec = specs.find((each) => each.name === name);

    expect(spec === undefined ? undefined : enginesOfFunction(spec)).toEqual(engines);
  });
});

describe('enginesOfApi', () => {
  test('has every source, and waits for no engine that takes long and holds views only', () => {
    const engines = enginesOfApi(specs);

    expect([...engines].sort()).toEqual([
      'dynamodb',
      'kafka',
      'postgres-analytics',
      'postgres-dashboard',
      'postgres-reporting',
      'postgres-writer',
      'valkey',
    ]);
  });
});
