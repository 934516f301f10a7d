import { describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { auroraError } from '../../../lambda/stores/aurora/errors.ts';

const answer = (code: string, message = 'no'): pg.DatabaseError => {
  const error = new pg.DatabaseError(message, 1, 'error');
  error.code = code;
  return error;
};

describe('what PostgreSQL answers', () => {
  test.each([
    ['23505', 'conflict', false],
    ['23514', 'invalid_value', false],
    ['22P02', 'invalid_value', false],
    ['42501', 'forbidden', false],
    ['42601', 'invalid_sql', false],
    ['57014', 'deadline_exceeded', true],
    ['57P01', 'store_unavailable', true],
    ['53300', 'store_unavailable', true],
    ['25006', 'store_unavailable', true],
    ['40P01', 'contended', true],
    ['XX001', 'store_rejected', false],
  ])('with SQLSTATE %s is %s', (state, code, retryable) => {
    expect(auroraError(answer(state))).toMatchObject({ code, retryable, details: { sqlState: state } });
  });

  test('to a check of the model names it, and not the row', () => {
    const error = Object.assign(answer('23514', 'new row for relation "account" violates …'), {
      constraint: 'balance_not_negative_check_0123abcd',
      table: 'account',
      detail: 'Failing row contains (a, 1, -5).',
    });

    const { code, message, details } = auroraError(error);

    expect({ code, details }).toEqual({
      code: 'check_violated',
      details: { entity: 'account', check: 'balance_not_negative', sqlState: '23514' },
    });
    expect(message).not.toContain('-5');
  });

  test('when a standby ends a reader that holds it up is a store that may be asked elsewhere', () => {
    const error = answer('40001', 'canceling statement due to conflict with recovery');

    expect(auroraError(error)).toMatchObject({ code: 'store_unavailable' });
  });

  test('not at all is a store that is unavailable, and a write may have happened', () => {
    expect(auroraError(new Error('Connection terminated unexpectedly'))).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('unknown'),
    });
  });
});
