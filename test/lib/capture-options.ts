import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog } from '../../lambda/model/index.ts';
import { renderConnector } from '../../lambda/stores/kafka/connector.ts';
import type { CaptureOptions } from '../../lib/index.ts';

/** Debezium's part of a deployment, with next to nothing in the plugin's archive. */
export function writeCapture(catalog: Catalog, folder: string): CaptureOptions {
  const pluginFile = join(folder, 'connect-plugin.zip');
  writeFileSync(pluginFile, 'no jars');
  return {
    pluginFile,
    renderConnector: (database) => renderConnector(catalog, { ...database, generation: 0 }),
  };
}
