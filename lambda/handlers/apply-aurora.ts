import { auroraPools } from '../model/index.ts';
import { createAuroraStore } from '../stores/aurora/index.ts';
import { createApply, placementsIn } from '../sync/apply.ts';
import type { LogEvent } from '../sync/log-event.ts';
import { catalog } from './model.ts';
import { readAuroraConnection } from './open-aurora.ts';
import { openDeadLetters } from './open-dead-letters.ts';
import { openLog } from './open-log.ts';
import { openMetrics } from './open-metrics.ts';
import { openSecrets } from './open-secrets.ts';
import { readClock } from './settings.ts';

/** Change log → views in Aurora. */
const clock = readClock(process.env);
const { writer, ...credentials } = readAuroraConnection(process.env, openSecrets(clock));
const apply = createApply({
  catalog,
  store: createAuroraStore({
    ...credentials,
    writer,
    replicas: undefined,
    clock,
    poolSize: auroraPools['apply-aurora'],
  }),
  placements: placementsIn(catalog, 'aurora'),
  deadLetters: openDeadLetters(process.env, 'aurora', clock),
  clock: Date.now,
  log: openLog('apply-aurora'),
  metrics: openMetrics(catalog),
});

export const handler = (event: LogEvent) => apply(event);
