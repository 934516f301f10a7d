import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setUpPythonPackages } from '../../local/setup/index.ts';
import { runTool } from '../../local/setup/run-tool.ts';
import { type Acceptances, acceptedIn, type Finding } from '../lib/findings.ts';

/** All that is read of its report. */
interface Report {
  readonly results: {
    readonly failed_checks: readonly {
      readonly check_id: string;
      readonly check_name: string;
      readonly file_abs_path: string;
      /** `AWS::S3::Bucket.<logical id>` */
      readonly resource: string;
    }[];
  };
  readonly summary: { readonly parsing_errors: number };
}

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Metadata?: { readonly 'aws:cdk:path'?: string } }>>;
}

/** The metadata of constructs by `/` and their path, as the CDK writes it beside a template. */
type StackMetadata = Readonly<Record<string, readonly { readonly type: string; readonly data?: unknown }[]>>;

/** What was found in one template, and what its constructs accept. */
export interface CheckedTemplate {
  readonly findings: readonly Finding[];
  readonly acceptances: Acceptances;
}

/** Fetches checkov, once; gives the folder of its packages. @throws PolystoreError as `setUpPythonPackages` */
export const setUpCheckov = (root: string): Promise<string> =>
  setUpPythonPackages({
    root,
    name: 'checkov',
    requirements: join(import.meta.dirname, 'checkov-requirements.txt'),
    neededFor: 'checking the templates',
    leastPythonMinor: 11,
  });

/**
 * What checkov finds in templates that the CDK wrote, by the rules it brings with it: it asks no platform and sends
 * nothing. One run for all, since loading its rules takes longest.
 *
 * @param packages where it is.
 * @param folder for its report.
 * @throws PolystoreError `setup_failed`; TypeError where it could not read a template.
 */
export async function findByCheckov(
  packages: string,
  templates: readonly string[],
  { folder, environment }: { readonly folder: string; readonly environment: NodeJS.ProcessEnv },
): Promise<ReadonlyMap<string, CheckedTemplate>> {
  await runTool({
    step: 'checkov',
    command: 'python3',
    args: [
      ...['-m', 'checkov.main', '--framework', 'cloudformation', '--skip-download', '--soft-fail'],
      ...['--quiet', '--compact', '--output', 'json', '--output-file-path', folder, '--file', ...templates],
    ],
    environment: { ...environment, PYTHONPATH: packages },
    remedy: 'Look at what checkov says above.',
  });
  const { results, summary } = readJson<Report>(join(folder, 'results_json.json'));
  if (summary.parsing_errors > 0)
    throw new TypeError(`checkov could not read ${summary.parsing_errors} of the templates`);
  return new Map(
    templates.map((file) => {
      const { Resources } = readJson<Template>(file);
      const findings = results.failed_checks
        .filter(({ file_abs_path }) => file_abs_path === file)
        .map(({ check_id, check_name, resource }) => ({
          rule: check_id,
          path: pathOf(Resources, resource),
          description: check_name,
        }));
      return [file, { findings, acceptances: readAcceptances(file) }];
    }),
  );
}

function pathOf(resources: Template['Resources'], resource: string): string {
  const id = resource.slice(resource.indexOf('.') + 1);
  const path = resources[id]?.Metadata?.['aws:cdk:path'];
  if (path === undefined) throw new TypeError(`checkov names ${resource}, of which the CDK tells no path`);
  return path;
}

/** What the constructs of a template accept: the CDK writes their metadata beside it. */
function readAcceptances(template: string): Acceptances {
  const metadata = readJson<StackMetadata>(
    join(dirname(template), template.slice(dirname(template).length + 1).replace('.template.', '.metadata.')),
  );
  return new Map(Object.entries(metadata).map(([path, all]) => [path.slice(1), acceptedIn(all)]));
}

/** Of files that the CDK and checkov have just written. */
const readJson = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;
