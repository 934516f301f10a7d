import { STSClient } from '@aws-sdk/client-sts';
import { functionsOf, withTopicPartitions } from '../model/index.ts';
import { applyReplication, applySchema } from '../stores/aurora/index.ts';
import { ensureTopics } from '../stores/kafka/index.ts';
import { applyKeyspacesSchema } from '../stores/keyspaces/index.ts';
import { ensureAccess, ensureSearch } from '../stores/opensearch/index.ts';
import { catalog } from './model.ts';
import { readAuroraConnection } from './open-aurora.ts';
import { openLog } from './open-log.ts';
import { openSecrets } from './open-secrets.ts';
import { assumeManager } from './search-manager.ts';
import {
  readClock,
  readGeneration,
  readKeyspaces,
  readLogConnection,
  readOpensearch,
  readSearchAccess,
  readTopicSettings,
} from './settings.ts';

/** What the deployment sends: a part by name, or nothing for all. `allow` names what may be lost. */
interface SchemaEvent {
  readonly part?: 'aurora' | 'log' | 'keyspaces' | 'search';
  readonly allow?: readonly string[];
}

/** Brings the stores and the change log to what the model says. Runs before everything else; harmless to repeat. */
const clock = readClock(process.env);
const log = openLog('schema');
const readSecret = openSecrets(clock);

const holdsSearch = functionsOf(catalog).some(({ name }) => name === 'apply-opensearch');

const auroraOptions = () => {
  const { writer, replicas: _, ...credentials } = readAuroraConnection(process.env, readSecret);
  return { connection: { ...writer, ...credentials }, catalog, generation: readGeneration(process.env) };
};

export const handler = async ({ part, allow = [] }: SchemaEvent) => {
  const wants = (name: NonNullable<SchemaEvent['part']>): boolean => part === undefined || part === name;
  if (wants('aurora')) {
    const changes = await applySchema({ ...auroraOptions(), allow, clock });
    await applyReplication(auroraOptions());
    log.info('Aurora is as the model says', { ...changes });
  }
  if (wants('log')) {
    const connection = readLogConnection(process.env, 'polystore-schema');
    const { partitions, ...settings } = readTopicSettings(process.env);
    const topics = await ensureTopics(withTopicPartitions(catalog, partitions), {
      ...connection,
      ...settings,
    });
    log.info('the change log is as the model says', { ...topics });
  }
  if (wants('keyspaces') && catalog.wideTables.length > 0) {
    const { keyspace, ...connection } = readKeyspaces(process.env);
    // On AWS CloudFormation makes the tables, and this sees to it that they are there.
    const make = connection.auth === 'none';
    const changed = await applyKeyspacesSchema({ connection, keyspace, catalog, make });
    log.info('Keyspaces is as the model says', { changed });
  }
  if (wants('search') && holdsSearch) {
    const connection = readOpensearch(process.env);
    const access = readSearchAccess(process.env);
    // First, for what follows is asked with the function's own rights.
    const allowed =
      access === undefined
        ? []
        : await ensureAccess({
            model: catalog.name,
            connection: { ...connection, credentials: assumeManager(new STSClient({}), access.managerArn) },
            grants: access.grants,
          });
    const changed = await ensureSearch(catalog, connection);
    log.info('OpenSearch is as the model says', { allowed, changed });
  }
  return {};
};
