import { expect, test } from '@jest/globals';
import { drawAnswer } from '../../bin/commands/draw-answer.ts';

const route = { placement: 'combined', engine: 'duckdb', why: 'its tables are read apart' };
const answer = {
  columns: [{ name: 'number' }, { name: 'name' }],
  rows: [{ number: 1, name: null }],
  rowCount: 1,
  token: null,
  route,
};

test('what a partial answer lacks stands below its rows', () => {
  const missing = {
    ...{ entity: 'part', placement: 'aurora.analytics', code: 'store_unavailable' },
    reason: 'PostgreSQL did not answer.',
    reads: { failed: 1, of: 3 },
    ...{ absentRows: true, fewerRepeats: false, nullColumns: ['name'] },
  };

  const drawn = drawAnswer({ ...answer, missing: [missing] });

  expect(drawn.split('\n').slice(-2)).toEqual([
    '1 row from combined (duckdb): its tables are read apart',
    'PARTIAL: 1 of 3 reads of part (aurora.analytics) failed; rows are absent; null where they were not read: name. PostgreSQL did not answer.',
  ]);
});

test('a whole answer says nothing of it', () => {
  expect(drawAnswer({ ...answer, missing: [] })).not.toContain('PARTIAL');
});
