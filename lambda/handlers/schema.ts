import { applyReplication, applySchema } from '../stores/aurora/index.ts';
import { ensureTopics } from '../stores/kafka/index.ts';
import { catalog } from './model.ts';
import { readAuroraConnection } from './open-aurora.ts';
import { openLog } from './open-log.ts';
import { openSecrets } from './open-secrets.ts';
import { readClock, readLogConnection, readReplication } from './settings.ts';

/** What the deployment sends: a part by name, or nothing for both. `allow` names what may be lost. */
interface SchemaEvent {
  readonly part?: 'aurora' | 'log';
  readonly allow?: readonly string[];
}

/** Brings Aurora and the change log to what the model says. Runs before everything else; harmless to repeat. */
const clock = readClock(process.env);
const log = openLog('schema');
const readSecret = openSecrets(clock);

export const handler = async ({ part, allow = [] }: SchemaEvent) => {
  if (part !== 'log') {
    const { writer, replicas: _, ...credentials } = readAuroraConnection(process.env, readSecret);
    const connection = { ...writer, ...credentials };
    const changed = await applySchema({ connection, catalog, allow, clock });
    await applyReplication({ connection, catalog });
    log.info('Aurora is as the model says', { changed });
  }
  if (part !== 'aurora') {
    const connection = readLogConnection(process.env, 'polystore-schema');
    const topics = await ensureTopics(catalog, { ...connection, replication: readReplication(process.env) });
    log.info('the change log is as the model says', { ...topics });
  }
  return {};
};
