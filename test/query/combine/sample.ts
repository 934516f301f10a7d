import { compile } from '../../../lambda/model/index.ts';
import { createAnalyser } from '../../../lambda/query/analyse.ts';
import type { CombinedPlan } from '../../../lambda/query/plan.ts';
import { planRead } from '../../../lambda/query/plan-read.ts';
import { planTime } from '../../../lambda/query/plan-time.ts';
import model from '../../../model/flights.ts';
import { planContext } from '../harness.ts';

const nowMs = Date.parse('2014-01-02T00:00:00Z');
const time = planTime({ nowMs, validUntilMs: nowMs });
const stores = ['aurora', 'keyspaces', 'opensearch'];
/** The sample without what else would answer some of this: Redis and the archive. */
const catalog = compile({
  ...model,
  entities: model.entities.map((entity) => ({
    ...entity,
    views: Object.fromEntries(
      Object.entries(entity.views).filter(([, { kind }]) => stores.some((name) => kind.startsWith(name))),
    ),
  })),
  accessPatterns: {},
});
/** All of it. */
export const whole = compile(model);

/** How UA's statement over the sample is combined, when its year is over. */
export async function planOf(sql: string, of = catalog): Promise<CombinedPlan> {
  const { qualified } = planRead(await createAnalyser(of)(sql), of, planContext({ tenant: 'UA', time }));
  const { route } = qualified[0];
  if (route.kind !== 'combined') throw new TypeError(`it is answered by ${qualified[0].placement}`);
  return route.plan;
}
