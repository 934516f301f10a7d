import type { FunctionSpec } from '../../lambda/model/index.ts';

/** The settings of a function that its process is started with; a FunctionSpec is one. */
export type FunctionSettings = Pick<FunctionSpec, 'memoryMb' | 'timeoutSeconds'> & { readonly name: string };

/**
 * The whole environment of a function's process: what Lambda itself sets, then the function's own
 * variables. Nothing of the person's at this machine: no variable is inherited but PATH, and the
 * places where the AWS SDK would look for their credentials are closed.
 */
export function renderEnvironment(
  settings: FunctionSettings,
  folder: string,
  own: Readonly<Record<string, string>>,
  path: string,
): Record<string, string> {
  return {
    PATH: path,
    HOME: folder,
    // Lambda's clock zone: a date that is read in local time must be as wrong here as there.
    TZ: 'UTC',
    LANG: 'en_US.UTF-8',
    AWS_LAMBDA_FUNCTION_NAME: settings.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${settings.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    LAMBDA_TASK_ROOT: folder,
    _HANDLER: 'dist/index.handler',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    // Its lines are for CloudWatch, and nobody reads them here.
    POWERTOOLS_METRICS_DISABLED: 'true',
    ...own,
  };
}
