import { describe, expect, test } from '@jest/globals';
import { deploy, environmentOf, templateOf } from '../deploy.ts';

/** What changes with every line of code is left out: hashes of assets and of function versions. */
const normalise = (template: unknown): unknown =>
  JSON.parse(
    JSON.stringify(template, (key, value: unknown) =>
      key === 'BootstrapVersion' || key === 'CheckBootstrapVersion' ? undefined : value,
    )
      .replace(/[a-f0-9]{64}/g, '<asset>')
      .replace(/(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}/g, '$1<version>'),
  );

/**
 * One snapshot for each stack of an environment: an alarm for changes that nobody meant. Each environment
 * has a test file of its own, and so a file of snapshots.
 */
export function matchSnapshots(environment: string): void {
  const deployed = deploy({ environment: environmentOf(environment) });

  describe(`the templates of ${environment}`, () => {
    test.each(deployed.parts)('%s is as it was', (part) => {
      const template = normalise(templateOf(deployed, part).toJSON());

      expect(template).toMatchSnapshot();
    });
  });
}
