/** The name by which connectors refer to our config provider: `${aws:secret:<ARN>:<field>}`. */
export const configProvider = 'aws';

const overrides = 'producer.override.';

/**
 * A worker's configuration as the text of a properties file, and what is left for the connector. MSK Connect
 * documents which settings of producers a worker may have, and none for connectors: what the connector's
 * configuration overrides is said for the worker, which runs nothing else.
 */
export function renderWorker(options: {
  readonly configuration: Readonly<Record<string, string>>;
  /** Kept from one connector to the next: the offsets in it and the replication slot are one unit. */
  readonly offsetsTopic: string;
}): { readonly properties: string; readonly configuration: Readonly<Record<string, string>> } {
  const { configuration, offsetsTopic } = options;
  const entries = Object.entries(configuration);
  const isOverride = ([name]: readonly [string, string]): boolean => name.startsWith(overrides);
  const json = 'org.apache.kafka.connect.json.JsonConverter';
  const properties = {
    'key.converter': json,
    'key.converter.schemas.enable': 'false',
    'value.converter': json,
    'value.converter.schemas.enable': 'false',
    'offset.storage.topic': offsetsTopic,
    // A barrier waits for the slot, and the slot for this (DESIGN §5).
    'offset.flush.interval.ms': '1000',
    'config.providers': configProvider,
    [`config.providers.${configProvider}.class`]: 'polystore.AwsConfigProvider',
    ...Object.fromEntries(
      entries
        .filter(isOverride)
        .map(([name, value]) => [`producer.${name.slice(overrides.length)}`, value] as const),
    ),
  };
  return {
    properties: Object.entries(properties)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
    configuration: Object.fromEntries(entries.filter((entry) => !isOverride(entry))),
  };
}
