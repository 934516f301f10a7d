import { createRedisStore } from '../stores/redis/index.ts';
import { createApply, placementsIn } from '../sync/apply.ts';
import type { LogEvent } from '../sync/log-event.ts';
import { catalog } from './model.ts';
import { openDeadLetters } from './open-dead-letters.ts';
import { openLog } from './open-log.ts';
import { openMetrics } from './open-metrics.ts';
import { readClock, readRedis } from './settings.ts';

/** Change log → views in Redis. */
const clock = readClock(process.env);
const apply = createApply({
  catalog,
  store: createRedisStore({ ...readRedis(process.env), clock }),
  placements: placementsIn(catalog, 'redis'),
  deadLetters: openDeadLetters(process.env, 'redis', clock),
  clock: Date.now,
  log: openLog('apply-redis'),
  metrics: openMetrics(catalog),
});

export const handler = (event: LogEvent) => apply(event);
