import { describe, expect, test } from '@jest/globals';
import { environmentNames } from '../../../lambda/model/index.ts';
import { overrideEnvironment, selectEnvironment } from '../../../lib/environments/index.ts';

const dev = selectEnvironment('dev');
const override = (context: Readonly<Record<string, unknown>>) => overrideEnvironment(dev, context);

describe('overrideEnvironment', () => {
  test('leaves the environment alone when context says nothing about variables', () => {
    const { environment, names } = override({ env: 'dev', '@aws-cdk/core:target-partitions': ['aws'] });

    expect(environment).toBe(dev);
    expect(names).toEqual([]);
  });

  test('takes every variable that functions read, and says which were given', () => {
    const { jwks: _, ...others } = environmentNames;
    const context = Object.fromEntries(Object.values(others).map((name) => [name, 'arn:7']));

    const { names } = override(context);

    expect(names).toEqual(Object.keys(context));
  });

  test('puts a variable over what the environment says of it', () => {
    const file = { ...dev, functions: { ...dev.functions, variables: { POLYSTORE_REDIS_TLS: 'on' } } };

    const { environment } = overrideEnvironment(file, { POLYSTORE_REDIS_TLS: 'off' });

    expect(environment.functions.variables).toEqual({ POLYSTORE_REDIS_TLS: 'off' });
  });

  test('puts who issues credentials and the generation where the environment has them', () => {
    const { environment } = override({
      POLYSTORE_JWT_ISSUER: 'https://127.0.0.1:1/',
      POLYSTORE_JWT_AUDIENCE: 'test',
      POLYSTORE_JWKS: '{"keys":[]}',
      POLYSTORE_GENERATION: '3',
    });

    expect(environment.api.identity).toEqual({
      issuer: 'https://127.0.0.1:1/',
      audience: 'test',
      keys: { kind: 'document', document: '{"keys":[]}' },
    });
    expect(environment.functions).toEqual({ ...dev.functions, generation: 3, variables: {} });
  });

  test('refuses two ways to the keys of the issuer', () => {
    const both = () => override({ POLYSTORE_JWKS: '{}', POLYSTORE_JWKS_URL: 'https://127.0.0.1:1/jwks' });

    expect(both).toThrow(/both POLYSTORE_JWKS and POLYSTORE_JWKS_URL.*leave one out/);
  });

  test('refuses names that no function reads, in any case, and lists those there are', () => {
    const unknown = () => override({ POLYSTORE_REDIS_TSL: 'off', polystore_redis_tls: 'off' });

    expect(unknown).toThrow(
      /2 problem\(s\):\n {2}- POLYSTORE_REDIS_TSL is read by no function: use one of .*POLYSTORE_REDIS_TLS.*\n {2}- polystore_redis_tls is read/,
    );
  });

  test.each([true, 7, '', null, ['off']])('refuses the value %p, which is no text', (value) => {
    expect(() => override({ POLYSTORE_REDIS_TLS: value })).toThrow(
      /POLYSTORE_REDIS_TLS is .*give it some text/,
    );
  });

  test('refuses a secret and does not repeat it', () => {
    const secret = () => override({ POLYSTORE_TOKEN_SECRET: 'dev:hush', POLYSTORE_AURORA_SECRET: 'hush' });

    expect(secret).toThrow(/POLYSTORE_TOKEN_SECRET is no ARN.*\n.*POLYSTORE_AURORA_SECRET is no ARN/);
    expect(secret).not.toThrow(/hush/);
  });

  test('refuses all of it where the environment allows no overrides', () => {
    const closed = () =>
      overrideEnvironment({ ...dev, allowOverrides: false }, { POLYSTORE_REDIS_TLS: 'off' });

    expect(closed).toThrow(/gives POLYSTORE_REDIS_TLS, but the environment 'dev' takes nothing from context/);
  });
});
