import { describe, expect, test } from '@jest/globals';
import { deploy, parts } from '../deploy.ts';

/**
 * One snapshot for each stack: an alarm for changes that nobody meant. What changes with every line of
 * code (hashes of assets and of function versions) is left out.
 */
const normalise = (template: unknown): unknown =>
  JSON.parse(
    JSON.stringify(template, (key, value: unknown) =>
      key === 'BootstrapVersion' || key === 'CheckBootstrapVersion' ? undefined : value,
    )
      .replace(/[a-f0-9]{64}/g, '<asset>')
      .replace(/(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}/g, '$1<version>'),
  );

const { templates } = deploy();

describe('the templates of dev', () => {
  test.each(parts)('%s is as it was', (part) => {
    const template = normalise(templates[part].toJSON());

    expect(template).toMatchSnapshot();
  });

  test('are the same when they are synthesised again', () => {
    const again = deploy().templates;

    for (const part of parts) expect(again[part].toJSON()).toEqual(templates[part].toJSON());
  });
});
