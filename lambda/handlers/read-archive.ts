import { createArchiveStore, openObjects } from '../stores/archive/index.ts';
import { createArchiveServer } from '../stores/remote-archive/index.ts';
import { readArchive } from './archive-settings.ts';
import { catalog } from './model.ts';
import { openLog } from './open-log.ts';
import { readClock } from './settings.ts';

/** Reads the archive for the query function, which invokes it. */
const log = openLog('read-archive');
const serve = createArchiveServer({
  catalog,
  store: createArchiveStore({
    objects: openObjects(readArchive(process.env)),
    clock: readClock(process.env),
    // Of the 2,048 MB that the function has.
    memoryMb: 1200,
    onTrouble: (message, { code, message: reason }) => log.error(message, { code, reason }),
  }),
});

export const handler = (event: unknown) => serve(event);
