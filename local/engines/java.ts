import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Properties as a file's text; values are paths, names and numbers, which need no escapes but for backslashes. */
export function renderProperties(properties: Readonly<Record<string, string | number | boolean>>): string {
  const lines = Object.entries(properties).map(
    ([name, value]) => `${name}=${String(value).replaceAll('\\', '\\\\')}`,
  );
  return `${lines.join('\n')}\n`;
}

/** Settings as YAML, of which JSON is a part: one setting a line. */
export function renderYaml(settings: Readonly<Record<string, unknown>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
    .join('');
}

/** Writes the logging settings of what logs through log4j. Returns the JVM flag that points to them. */
export async function writeLogging(
  directory: string,
  quiet: Readonly<Record<string, string>> = {},
): Promise<string> {
  const file = join(directory, 'log4j2.properties');
  const loggers = Object.entries(quiet).flatMap(([name, level], index) => [
    [`logger.quiet${index}.name`, name],
    [`logger.quiet${index}.level`, level],
  ]);
  await writeFile(
    file,
    renderProperties({
      status: 'warn',
      'appender.out.type': 'Console',
      'appender.out.name': 'OUT',
      'appender.out.layout.type': 'PatternLayout',
      'appender.out.layout.pattern': '[%d] %p %m (%c)%n',
      'rootLogger.level': 'warn',
      'rootLogger.appenderRef.out.ref': 'OUT',
      ...Object.fromEntries(loggers),
    }),
  );
  return `-Dlog4j2.configurationFile=${file}`;
}
