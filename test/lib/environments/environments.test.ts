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

      expect(select).toThrow(/there are: dev, staging, prod\..*npx cdk synth -c env=dev/);
    },
  );

  test('knows each environment by its own name', () => {
    const names = Object.entries(environments).map(([key, environment]) => [key, environment.name]);

    for (const [key, name] of names) expect(name).toBe(key);
  });
});

describe('production and staging', () => {
  const [prod, staging] = ['prod', 'staging'].map((name) => selectEnvironment(name));

  test('have one shape: zones, readers by workload, copies of the log, brokers in each zone', () => {
    const shapes = [prod, staging].map((environment) => ({
      zones: environment?.network.availabilityZones,
      workloads: Object.keys(environment?.relational.workloadReaders ?? {}),
      brokersLeftOver: (environment?.log.brokers ?? 1) % (environment?.network.availabilityZones ?? 1),
      copies: environment?.log.replication,
      acknowledging: environment?.log.minimumInSyncReplicas,
    }));

    expect(shapes).toEqual([shapes[1], shapes[0]]);
    expect(shapes[0]).toEqual({
      zones: 3,
      workloads: ['dashboard', 'analytics', 'reporting'],
      brokersLeftOver: 0,
      copies: 3,
      acknowledging: 2,
    });
  });

  test('overlap no address range, so that they can be joined to one network', () => {
    const ranges = Object.values(environments).map(({ network }) => network.cidr);

    expect(new Set(ranges).size).toBe(ranges.length);
  });

  test('differ in what may be destroyed', () => {
    expect(staging && decideDestroy(staging, 'staging')).toBe(true);
    expect(() => prod && decideDestroy(prod, 'prod')).toThrow(/does not allow its data to be destroyed/);
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
