import { Admin, ConfigResourceTypes } from '@platformatic/kafka';
import { PolystoreError } from '../../errors.ts';
import type { Catalog } from '../../model/index.ts';
import { type ConnectionOptions, renderClientOptions } from './connection.ts';
import { mapKafkaError } from './errors.ts';
import { renderTopics, type Tiering, type TopicDefinition } from './schema.ts';

export interface EnsuredTopics {
  readonly created: readonly string[];
  readonly kept: readonly string[];
}

/** Kafka's TOPIC_ALREADY_EXISTS. */
const alreadyExists = 36;

/**
 * Makes the topics of a model that are missing and sets the configuration of those that are there.
 * May run at the same time as itself.
 *
 * @throws PolystoreError `migration_refused` when a topic has another number of partitions than the
 *   model says, `store_unavailable` when the log cannot be reached.
 */
export async function ensureTopics(
  catalog: Catalog,
  options: ConnectionOptions & Tiering & { readonly replication: number },
): Promise<EnsuredTopics> {
  const admin = new Admin(renderClientOptions(options));
  const created: string[] = [];
  const kept: string[] = [];
  try {
    const present = new Set(await admin.listTopics());
    for (const topic of renderTopics(catalog, options)) {
      if (!present.has(topic.name) && (await create(admin, topic, options.replication)))
        created.push(topic.name);
      else {
        await keep(admin, topic);
        kept.push(topic.name);
      }
    }
    return { created, kept };
  } catch (error) {
    throw mapKafkaError(error, 'making topics');
  } finally {
    await admin.close();
  }
}

/** @returns false when another caller made it first. */
async function create(admin: Admin, topic: TopicDefinition, replication: number): Promise<boolean> {
  try {
    await admin.createTopics({
      topics: [topic.name],
      partitions: topic.partitions,
      replicas: replication,
      configs: Object.entries(topic.config).map(([name, value]) => ({ name, value })),
    });
    return true;
  } catch (error) {
    if (hasCode(error, alreadyExists)) return false;
    throw error;
  }
}

async function keep(admin: Admin, topic: TopicDefinition): Promise<void> {
  const metadata = await admin.metadata({ topics: [topic.name], forceUpdate: true });
  const partitions = metadata.topics.get(topic.name)?.partitionsCount;
  if (partitions !== topic.partitions)
    throw new PolystoreError(
      'migration_refused',
      `The topic ${topic.name} has ${partitions ?? 'unknown'} partitions and the model asks for ${topic.partitions}. Other partitions would put keys elsewhere, where events get lower offsets than before: keep the number, or move to a new topic.`,
    );
  await admin.incrementalAlterConfigs({
    resources: [
      {
        resourceType: ConfigResourceTypes.TOPIC,
        resourceName: topic.name,
        // 0 is SET.
        configs: Object.entries(topic.config).map(([name, value]) => ({ name, value, configOperation: 0 })),
      },
    ],
  });
}

const hasCode = (error: unknown, code: number): boolean =>
  typeof error === 'object' &&
  error !== null &&
  (('apiCode' in error && error.apiCode === code) ||
    ('errors' in error && Array.isArray(error.errors) && error.errors.some((part) => hasCode(part, code))));
