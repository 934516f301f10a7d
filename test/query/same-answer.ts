import { expect } from '@jest/globals';
import type { Row } from '../../lambda/change/change.ts';
import type { Answer } from '../../lambda/query/answer.ts';

/**
 * Holds an answer to the one that is right. Rows that tie may be told in any order, and any of them may fall
 * to a limit: so the ordered columns must be equal place by place, and every row one of those without limits.
 */
export function expectSameAnswer(
  answer: Answer,
  right: { readonly expected: Answer; readonly whole: Answer; readonly order: readonly string[] },
): void {
  const { expected, whole, order } = right;
  const inOrder = (rows: readonly Row[]) => rows.map((row) => order.map((column) => row[column]));
  expect(answer.columns).toEqual(expected.columns);
  expect(inOrder(answer.rows)).toEqual(inOrder(expected.rows));
  expect(answer.rows.length).toBe(expected.rows.length);
  const left = textsOf(whole.rows);
  for (const text of textsOf(answer.rows)) {
    const at = left.indexOf(text);
    expect({ text, isRight: at >= 0 }).toEqual({ text, isRight: true });
    left.splice(at, 1);
  }
}

const textsOf = (rows: readonly Row[]): string[] =>
  rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))));
