import { join } from 'node:path';
import type { Catalog } from '../lambda/model/index.ts';
import { renderConnector } from '../lambda/stores/kafka/connector.ts';
import type { CaptureOptions } from '../lib/index.ts';
import { buildConnectPlugin, setUp } from '../local/setup/index.ts';

/**
 * What the templates hold of Debezium: its plugin, packed of jars that are fetched when they are missing,
 * and its configuration, the same as on this machine but for where the database is.
 *
 * @throws PolystoreError `setup_failed`, or `tool_missing` while something has to be fetched.
 */
export async function prepareCapture(options: {
  readonly root: string;
  readonly catalog: Catalog;
  /** Of the changes that the connector carries (DESIGN §4). */
  readonly generation: number;
}): Promise<CaptureOptions> {
  const { root, catalog, generation } = options;
  const downloads = await setUp({ root, silent: true, parts: ['debezium', 'connect-aws'] });
  const plugin = await buildConnectPlugin({ downloads, outFile: join(root, 'dist', 'connect-plugin.zip') });
  return {
    pluginFile: plugin.file,
    renderConnector: (database) => renderConnector(catalog, { ...database, generation }),
  };
}
