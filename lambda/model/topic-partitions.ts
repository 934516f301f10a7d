import { PolystoreError } from '../errors.ts';
import type { Catalog } from './catalog.ts';
import { Problems } from './problems.ts';

/** Partitions of the topics of some entities, by the entity's SQL name. */
export type TopicPartitions = Readonly<Record<string, number>>;

/**
 * The model with other numbers of partitions than it says: an environment that carries more needs more of
 * them. To be decided before there is data, since keys lie elsewhere in another number.
 *
 * @throws PolystoreError `invalid_configuration` that lists entities which the model lacks and numbers that
 * are no count of partitions.
 */
export function withTopicPartitions(catalog: Catalog, partitions: TopicPartitions): Catalog {
  const problems = new Problems();
  const names = catalog.entities.map(({ name }) => name);
  for (const [name, count] of Object.entries(partitions)) {
    if (!names.includes(name))
      problems.add(
        name,
        `is given ${count} partitions and is no entity of ${catalog.name}`,
        `use ${names.join(', ')}`,
      );
    if (!Number.isInteger(count) || count < 1)
      problems.add(name, `is given ${count} partitions`, 'use 1 or more');
  }
  if (problems.all.length > 0)
    throw new PolystoreError(
      'invalid_configuration',
      `The partitions of topics have ${problems.all.length} problem(s):\n${problems.all.map((line) => `  - ${line}`).join('\n')}`,
      { details: { problems: problems.all } },
    );
  return {
    ...catalog,
    entities: catalog.entities.map((entity) => ({
      ...entity,
      topicPartitions: partitions[entity.name] ?? entity.topicPartitions,
    })),
  };
}

/** As a variable holds it: `flight_event=48,weather=2`. */
export const renderTopicPartitions = (partitions: TopicPartitions): string =>
  Object.entries(partitions)
    .map(([name, count]) => `${name}=${count}`)
    .join(',');

/** What {@link parseTopicPartitions} takes. */
export const topicPartitionsPattern = /^[a-z0-9_]+=\d{1,6}(,[a-z0-9_]+=\d{1,6})*$/;

/** What {@link renderTopicPartitions} wrote. */
export const parseTopicPartitions = (text: string): TopicPartitions =>
  Object.fromEntries(
    text.split(',').map((part) => {
      const [name = '', count] = part.split('=');
      return [name, Number(count)] as const;
    }),
  );
