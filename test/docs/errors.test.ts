import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { renderErrors } from '../../docs/render-errors.ts';

it('docs/errors.md lists the error codes as they are in lambda/errors.ts', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');

  expect(page).toBe(renderErrors());
});
