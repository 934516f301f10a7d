import { beforeEach, describe, expect, test } from '@jest/globals';
import { drawPlan } from '../../bin/commands/draw-plan.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import { createHarness, placementOf, ua } from './harness.ts';

const board =
  "select status from flight where origin = 'EWR' and scheduled_at >= '2013-01-01' and scheduled_at < '2013-01-02'";

let harness: ReturnType<typeof createHarness>;
beforeEach(() => {
  harness = createHarness();
});

describe('an explanation says how far placements are', () => {
  test('of a view what it has taken of each partition', async () => {
    const placement = placementOf('flight', 'board');
    const span = { placement, topic: placement.entity.topic, from: 0n };
    await Promise.all(
      [3, 5].map((partition) => {
        const store = harness.redis;
        return store.saveProgress([{ ...span, partition, to: BigInt(partition * 10) }]);
      }),
    );

    const { positions } = await harness.explain(board);

    expect(positions).toContainEqual({
      placement: 'flight.board',
      must: null,
      has: { log: { 3: '30', 5: '50' } },
      why: expect.stringContaining(placement.entity.topic),
    });
  });

  test('of a view that nothing was applied to, that it has nothing', async () => {
    const { positions } = await harness.explain(board);

    expect(positions[0]).toMatchObject({
      placement: 'flight.board',
      has: null,
      why: 'it has taken nothing from the change log yet',
    });
  });

  test('of a node of Aurora its position, and the one that a token asks for', async () => {
    const token = await harness.tokens.issue({ aurora: 77n, rows: [] }, ua);

    const { positions } = await harness.explain('select count(*) from aircraft', { tokens: [token] });

    expect(positions.map(({ placement }) => placement)).toEqual([
      ...['aurora.analytics', 'aurora.reporting', 'aurora.dashboard', 'aurora.writer'],
    ]);
    for (const position of positions)
      expect(position).toMatchObject({ must: { wal: '77', rows: 0 }, has: { wal: '100' } });
    expect(harness.aurora.asked).toEqual([]);
  });

  test('of a view how many rows a token asks for', async () => {
    const key = { carrier: 'UA', flight_number: 1545, scheduled_at: '2013-01-01T10:15:00.000000Z' };
    const row = {
      entity: 'flight',
      row: { ...key, origin: 'EWR' },
      version: createVersion(3, 9n),
      log: undefined,
    };
    const token = await harness.tokens.issue({ aurora: undefined, rows: [row] }, ua);

    const { positions } = await harness.explain(board, { tokens: [token] });

    expect(positions[0]).toMatchObject({ placement: 'flight.board', must: { wal: null, rows: 1 } });
  });

  test('of the source that it follows nothing', async () => {
    const { positions } = await harness.explain('select status from flight where flight_number = 1545', {
      freshness: 'strong',
    });

    expect(positions[0]).toMatchObject({ placement: 'flight.source', must: null, has: null });
    expect(positions[0]?.why).toMatch(/the source/);
  });

  test('of one that is down that it does not answer, and nothing that its driver says', async () => {
    harness.aurora.position = async () =>
      Promise.reject(new PolystoreError('store_unavailable', 'connect ECONNREFUSED 10.1.2.3:5432'));

    const { positions } = await harness.explain('select count(*) from aircraft');

    expect(positions[0]).toEqual({
      placement: 'aurora.analytics',
      must: null,
      has: null,
      why: 'A store did not answer.',
    });
  });

  test('and it is drawn', async () => {
    const token = await harness.tokens.issue({ aurora: 77n, rows: [] }, ua);
    const explained = await harness.explain('select count(*) from aircraft', { tokens: [token] });

    const drawn = drawPlan(JSON.parse(JSON.stringify(explained)), 100);

    expect(drawn).toMatch(/^positions$/m);
    expect(drawn).toMatch(/aurora\.analytics {2}WAL 100: what it has replayed; must have reached WAL 77/);
  });
});
