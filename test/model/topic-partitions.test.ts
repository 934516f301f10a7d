import { describe, expect, test } from '@jest/globals';
import {
  compile,
  parseTopicPartitions,
  renderTopicPartitions,
  withTopicPartitions,
} from '../../lambda/model/index.ts';
import flights from '../../model/flights.ts';

const catalog = compile(flights);

describe('withTopicPartitions', () => {
  test('gives the named topics that many partitions and leaves the others', () => {
    const found = withTopicPartitions(catalog, { flight_event: 48 });

    expect(found.entities.map(({ name, topicPartitions }) => [name, topicPartitions])).toEqual(
      catalog.entities.map(({ name, topicPartitions }) => [
        name,
        name === 'flight_event' ? 48 : topicPartitions,
      ]),
    );
  });

  test('refuses entities that the model lacks and what is no count, all at once', () => {
    const build = () => withTopicPartitions(catalog, { flightEvent: 48, weather: 0, flight: 1.5 });

    expect(build).toThrow(
      /3 problem\(s\):.*flightEvent is given 48 partitions and is no entity of flights: use airport.*weather is given 0.*flight is given 1\.5/s,
    );
  });
});

test('partitions come back as they were from the text of a variable', () => {
  const partitions = { flight_event: 48, weather: 2 };

  expect(parseTopicPartitions(renderTopicPartitions(partitions))).toEqual(partitions);
});
