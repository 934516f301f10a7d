import { createKeyspacesStore } from '../stores/keyspaces/index.ts';
import { createApply, placementsIn } from '../sync/apply.ts';
import type { LogEvent } from '../sync/log-event.ts';
import { catalog } from './model.ts';
import { openDeadLetters } from './open-dead-letters.ts';
import { openLog } from './open-log.ts';
import { openMetrics } from './open-metrics.ts';
import { readClock, readKeyspaces } from './settings.ts';

/** Change log → views in Keyspaces. */
const clock = readClock(process.env);
const apply = createApply({
  catalog,
  store: createKeyspacesStore({ ...readKeyspaces(process.env), catalog, clock }),
  placements: placementsIn(catalog, 'keyspaces'),
  deadLetters: openDeadLetters(process.env, 'keyspaces', clock),
  clock: Date.now,
  log: openLog('apply-keyspaces'),
  metrics: openMetrics(catalog),
});

export const handler = (event: LogEvent) => apply(event);
