import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  CloudFormationServiceException,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import { PolystoreError } from '../../lambda/errors.ts';
import type { CloudFormationTemplate } from '../../lib/guard/index.ts';
import { parseTemplate, readAssembly, type SynthesisedStack } from './assembly.ts';

/** Gives the template that a stack has now; undefined for a stack that is not there yet. */
export type ReadDeployed = (
  stack: Pick<SynthesisedStack, 'name' | 'region'>,
) => Promise<CloudFormationTemplate | undefined>;

/** What another synth wrote, in place of what is deployed. */
export function readFromFolder(folder: string): ReadDeployed {
  const templates = new Map(readAssembly(folder).map(({ name, template }) => [name, template]));
  return async ({ name }) => templates.get(name);
}

/**
 * Asks CloudFormation, with the credentials that AWS's own tools would use; it needs
 * `cloudformation:GetTemplate` and nothing else. A stack that cannot be read is an error, never one that is
 * not there.
 *
 * @param config a region wins over that of the surroundings, a stack's own over both.
 */
export function readFromCloudFormation(config: CloudFormationClientConfig = {}): ReadDeployed {
  const clients = new Map<string | undefined, CloudFormationClient>();
  const clientOf = (region: string | undefined): CloudFormationClient => {
    const client =
      clients.get(region) ?? new CloudFormationClient({ ...config, ...(region !== undefined && { region }) });
    clients.set(region, client);
    return client;
  };
  return async ({ name, region }) => {
    const body = await clientOf(region)
      .send(new GetTemplateCommand({ StackName: name, TemplateStage: 'Original' }))
      .then(
        ({ TemplateBody }) => TemplateBody ?? '',
        (cause: unknown) => {
          if (isMissing(cause)) return undefined;
          throw new PolystoreError(
            'not_running',
            `CloudFormation does not give the template of ${name}: ${cause instanceof Error ? cause.message : String(cause)}. Needed are credentials with cloudformation:GetTemplate, and a region (--region, AWS_REGION).`,
            { cause },
          );
        },
      );
    // A stack whose first change set was never executed has an empty one.
    if (body === undefined || body.trim() === '') return undefined;
    return parseTemplate(parseJson(body, name), name);
  };
}

/** CloudFormation answers with a validation error and says so in words only. */
const isMissing = (cause: unknown): boolean =>
  cause instanceof CloudFormationServiceException &&
  cause.name === 'ValidationError' &&
  /does not exist/.test(cause.message);

function parseJson(body: string, name: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new PolystoreError(
      'invalid_request',
      `The deployed template of ${name} is no JSON, so the CDK did not make it, and cannot be compared.`,
      { cause },
    );
  }
}
