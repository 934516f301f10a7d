import { describe, expect, test } from '@jest/globals';
import { decideDestroy, environments, selectEnvironment } from '../../../lib/environments/index.ts';

describe('selectEnvironment', () => {
  test('gives the environment of that name', () => {
    const found = selectEnvironment('dev');

    expect(found.name).toBe('dev');
  });

  test.each([undefined, '', 'production', 'toString', '__proto__', 7])(
    'refuses %p and lists what there is',
    (name) => {
      const select = () => selectEnvironment(name);

      expect(select).toThrow(/there are: dev\..*npx cdk synth -c env=dev/);
    },
  );

  test('knows each environment by its own name', () => {
    const names = Object.entries(environments).map(([key, environment]) => [key, environment.name]);

    for (const [key, name] of names) expect(name).toBe(key);
  });
});

describe('decideDestroy', () => {
  const dev = selectEnvironment('dev');

  test('keeps data when nobody asks for its destruction', () => {
    expect(decideDestroy(dev, undefined)).toBe(false);
  });

  test('destroys when the file allows it and the command line names the environment', () => {
    expect(decideDestroy(dev, 'dev')).toBe(true);
  });

  test('stops when the consent names another environment', () => {
    expect(() => decideDestroy(dev, 'staging')).toThrow(/is 'staging', but the environment is 'dev'/);
  });

  test('stops when the file does not allow it, whatever the command line says', () => {
    expect(() => decideDestroy({ ...dev, allowDestroy: false }, 'dev')).toThrow(/does not allow/);
  });
});
