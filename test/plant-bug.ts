import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';

/** A mistake that somebody could make in one line of the deployed code. */
export interface BugInCode {
  /** Below `lambda/`. */
  readonly file: string;
  /** Exactly one place in the file. */
  readonly find: string;
  readonly replace: string;
}

/** The text of the bug's file below a folder, as it is and with the bug in it. Expects the one place for it. */
export function plantIn(
  lambda: string,
  { file, find, replace }: BugInCode,
): { readonly path: string; readonly text: string; readonly planted: string } {
  const path = join(lambda, file);
  const text = readFileSync(path, 'utf8');
  expect(`${text.split(find).length - 1} times ${find} in ${file}`).toBe(`1 times ${find} in ${file}`);
  return { path, text, planted: text.replace(find, () => replace) };
}
