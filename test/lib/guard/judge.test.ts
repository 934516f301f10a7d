import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type AllowedLoss, allowedLosses } from '../../../lib/environments/allowed-losses.ts';
import { environments } from '../../../lib/environments/index.ts';
import { judge, type Loss, renderJudgement } from '../../../lib/guard/index.ts';

const loss: Loss = {
  stack: 'Flights-Prod-Table',
  logicalId: 'TableEntitiesF2C80F39',
  path: 'Flights-Prod-Table/Table/Entities',
  type: 'AWS::DynamoDB::GlobalTable',
  kind: 'replaced',
  certain: true,
  because: ['KeySchema'],
  fate: 'kept',
  runbook: 'dynamodb',
};
const allowance: AllowedLoss = {
  environment: 'prod',
  stack: 'Flights-Prod-Table',
  resource: 'Flights-Prod-Table/Table/Entities',
  loss: 'replaced',
  reason: 'a test',
  until: '2026-12-24',
};
const judged = (allowances: readonly AllowedLoss[], today = '2026-12-01', environment = 'prod') =>
  judge({ environment, losses: [loss], allowances, today });

describe('a loss', () => {
  test('is refused unless it is allowed by name', () => {
    expect(judged([]).refused).toEqual([loss]);
    expect(judged([allowance])).toEqual({ refused: [], allowed: [loss], unused: [], expired: [] });
    expect(judged([{ ...allowance, resource: loss.logicalId }]).refused).toEqual([]);
  });

  test.each([
    ['environment', 'dev'],
    ['stack', 'Flights-Prod-Log'],
    ['resource', 'Flights-Prod-Table/Table'],
    ['loss', 'removed'],
  ])('is not allowed by a line whose %s is %s', (field, value) => {
    expect(judged([{ ...allowance, [field]: value }]).refused).toEqual([loss]);
  });

  test('is allowed up to the day of its line, and no longer', () => {
    expect(judged([allowance], '2026-12-24').refused).toEqual([]);

    const later = judged([allowance], '2026-12-25');

    expect(later.refused).toEqual([loss]);
    expect(later.expired).toEqual([allowance]);
  });

  test('is either refused or allowed, and a line that allowed nothing is told', () => {
    const some = <T>(...values: T[]) => fc.constantFrom(...values);
    const allowances = fc.array(
      fc.record({
        environment: some('prod', 'dev'),
        stack: some('S1', 'S2'),
        resource: some('A', 'B', 'S1/A'),
        loss: some('removed' as const, 'replaced' as const),
        reason: fc.constant(''),
        until: some('2026-11-30', '2026-12-31'),
      }),
    );
    const losses = fc.array(
      fc.record({
        stack: some('S1', 'S2'),
        logicalId: some('A', 'B'),
        kind: some('removed' as const, 'replaced' as const),
      }),
    );
    fc.assert(
      fc.property(allowances, losses, (lines, wanted) => {
        const all = wanted.map((one): Loss => ({ ...loss, ...one, path: `${one.stack}/${one.logicalId}` }));

        const found = judge({ environment: 'prod', losses: all, allowances: lines, today: '2026-12-01' });

        expect([...found.refused, ...found.allowed]).toHaveLength(all.length);
        for (const line of found.unused)
          for (const one of found.allowed)
            expect([line.stack, line.loss, [one.logicalId, one.path].includes(line.resource)]).not.toEqual([
              one.stack,
              one.kind,
              true,
            ]);
      }),
    );
  });
});

describe('what people are told', () => {
  test('says what would be lost, names the runbook and gives the line that allows it', () => {
    expect(renderJudgement(judged([]), 'prod')).toBe(
      [
        'refused: AWS::DynamoDB::GlobalTable Flights-Prod-Table/Table/Entities (TableEntitiesF2C80F39) would be replaced by an empty one, since KeySchema changes. What is there now is kept, outside of the stack.',
        '  Follow docs/runbooks/dynamodb.md; or change the code back. To let it happen, add to lib/environments/allowed-losses.ts:',
        "  { environment: 'prod', stack: 'Flights-Prod-Table', resource: 'Flights-Prod-Table/Table/Entities', loss: 'replaced', reason: '…', until: 'YYYY-MM-DD' },",
      ].join('\n'),
    );
  });

  test('tells of lines that should go', () => {
    const text = renderJudgement(
      judge({ environment: 'prod', losses: [], allowances: [allowance], today: '2026-12-01' }),
      'prod',
    );

    expect(text).toMatch(/^warning: .* take the line out$/);
  });
});

test('each line of allowed-losses.ts is of an environment that there is, and has a day and a reason', () => {
  for (const { environment, reason, until } of allowedLosses) {
    expect(Object.keys(environments)).toContain(environment);
    expect(reason).not.toBe('');
    expect(until).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  }
});
