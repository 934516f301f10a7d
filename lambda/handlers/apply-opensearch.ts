import { createOpensearchStore } from '../stores/opensearch/index.ts';
import { createApply, placementsIn } from '../sync/apply.ts';
import type { LogEvent } from '../sync/log-event.ts';
import { catalog } from './model.ts';
import { openDeadLetters } from './open-dead-letters.ts';
import { openLog } from './open-log.ts';
import { openMetrics } from './open-metrics.ts';
import { readClock, readOpensearch } from './settings.ts';

/** Change log → views in OpenSearch. */
const clock = readClock(process.env);
const apply = createApply({
  catalog,
  store: createOpensearchStore({ ...readOpensearch(process.env), model: catalog.name, clock }),
  placements: placementsIn(catalog, 'opensearch'),
  deadLetters: openDeadLetters(process.env, 'opensearch', clock),
  clock: Date.now,
  log: openLog('apply-opensearch'),
  metrics: openMetrics(catalog),
});

export const handler = (event: LogEvent) => apply(event);
