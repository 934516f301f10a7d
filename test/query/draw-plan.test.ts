import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { drawPlan } from '../../bin/commands/draw-plan.ts';
import { compile } from '../../lambda/model/index.ts';
import flights from '../../model/flights.ts';
import { createViewHarness } from './view-harness.ts';

const { explain } = createViewHarness(compile(flights));
const draw = async (sql: string, width = 100) =>
  drawPlan(JSON.parse(JSON.stringify(await explain(sql))), width);

const aDay = "scheduled_at >= '2013-01-01' and scheduled_at < '2013-01-02'";
const combined =
  "select e.at, e.kind, a.manufacturer from flight_event e join aircraft a on a.tail_number = e.tail_number where e.at >= '2013-01-01T18:00:00Z' and e.at < '2013-01-01T20:00:00Z' order by e.at desc limit 20";

describe('a plan is drawn', () => {
  test('of one placement, with what it would be sent', async () => {
    expect(
      await draw(
        `select flight_number, departure_delay_minutes from flight where ${aDay} and departure_delay_minutes is not null order by departure_delay_minutes desc limit 5`,
      ),
    ).toMatchSnapshot();
  });

  test('of several stores as the tree of reads that are combined', async () => {
    expect(await draw(combined)).toMatchSnapshot();
  });

  test('of several stores on a narrow screen', async () => {
    expect(await draw(combined, 60)).toMatchSnapshot();
  });

  test('of SQL, of conditions and of nothing', async () => {
    expect(
      [
        await draw('select origin, count(*) from flight group by origin having count(*) > 1'),
        await draw(
          "select kind, count(*) from flight_event where at >= '2012-06-01' and at < '2012-06-03' and (origin = 'EWR' or not delay_minutes > 5) group by kind",
        ),
        await draw('select * from flight where flight_number > 3 and flight_number < 2'),
      ].join('\n\n'),
    ).toMatchSnapshot();
  });

  test('within its width, but for words that are longer', async () => {
    const answer: unknown = JSON.parse(JSON.stringify(await explain(combined)));

    fc.assert(
      fc.property(fc.integer({ min: 30, max: 200 }), (width) => {
        // What is longer is one word, with nothing but its indentation or its name before it.
        for (const line of drawPlan(answer, width).split('\n'))
          if (line.length > width) expect(line).toMatch(/(?:^|\s\s|─ )\S+$/);
      }),
    );
  });
});
