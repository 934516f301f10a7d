import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { renderInfrastructure } from '../../../docs/render-infrastructure.ts';
import { root } from '../deploy.ts';

test('docs/infrastructure.md is what docs/render-infrastructure.ts renders', () => {
  // The CDK prints its warnings, of the example issuer among others.
  jest.spyOn(console, 'error').mockImplementation(() => {});

  const rendered = renderInfrastructure();

  expect(readFileSync(join(root, 'docs', 'infrastructure.md'), 'utf8')).toBe(rendered);
});
