import { createArchiveStore, openObjects } from '../stores/archive/index.ts';
import { createArchiveServer } from '../stores/remote-archive/index.ts';
import { createApply, placementsIn } from '../sync/apply.ts';
import type { LogEvent } from '../sync/log-event.ts';
import { readArchive } from './archive-settings.ts';
import { catalog } from './model.ts';
import { openDeadLetters } from './open-dead-letters.ts';
import { openLog } from './open-log.ts';
import { openMetrics } from './open-metrics.ts';
import { readClock } from './settings.ts';

/** Change log → the archive; and, invoked by other functions, what mends and sweeps it: nobody else writes it. */
const clock = readClock(process.env);
const log = openLog('apply-archive');
const store = createArchiveStore({
  objects: openObjects(readArchive(process.env)),
  clock,
  // Of the 1,024 MB that the function has.
  memoryMb: 400,
  onTrouble: (message, { code, message: reason }) => log.error(message, { code, reason }),
});
const serve = createArchiveServer({ catalog, store, access: 'write' });
const apply = createApply({
  catalog,
  store,
  placements: placementsIn(catalog, 'archive'),
  deadLetters: openDeadLetters(process.env, 'archive', clock),
  clock: Date.now,
  log,
  metrics: openMetrics(catalog),
});

export const handler = (event: LogEvent | Readonly<Record<string, unknown>>) =>
  isBatch(event) ? apply(event) : serve(event);

const isBatch = (event: LogEvent | Readonly<Record<string, unknown>>): event is LogEvent =>
  'records' in event;
