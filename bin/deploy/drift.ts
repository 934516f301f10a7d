import { setTimeout as sleep } from 'node:timers/promises';
import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  CloudFormationServiceException,
  DescribeStackDriftDetectionStatusCommand,
  DescribeStackResourceDriftsCommand,
  DetectStackDriftCommand,
} from '@aws-sdk/client-cloudformation';
import { PolystoreError } from '../../lambda/errors.ts';
import type { SynthesisedStack } from './assembly.ts';

/** A resource that is not any more what its template says. */
export interface Drift {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly kind: 'MODIFIED' | 'DELETED';
  /** Paths of the properties that differ. */
  readonly properties: readonly string[];
}

export interface DriftReport {
  readonly drifts: readonly Drift[];
  readonly checked: readonly string[];
  readonly notDeployed: readonly string[];
}

/**
 * Lets CloudFormation compare each stack's resources with what they are. It needs the rights to detect drift
 * and to read every resource. What CloudFormation cannot compare (some types, some properties) it does not tell.
 *
 * @throws PolystoreError `not_running` when a detection fails or takes longer than it may.
 */
export async function findDrift(options: {
  readonly stacks: readonly Pick<SynthesisedStack, 'name' | 'region'>[];
  readonly config?: CloudFormationClientConfig;
  /** @default 5,000 */
  readonly pollMs?: number;
  /** Of each stack. @default 15 minutes */
  readonly timeoutMs?: number;
}): Promise<DriftReport> {
  const { stacks, config = {}, pollMs = 5_000, timeoutMs = 900_000 } = options;
  const drifts: Drift[] = [];
  const checked: string[] = [];
  const notDeployed: string[] = [];
  // One after the other: CloudFormation throttles detections.
  for (const { name, region } of stacks) {
    const client = new CloudFormationClient({ ...config, ...(region !== undefined && { region }) });
    const found = await detect(client, { name, pollMs, timeoutMs });
    if (found === undefined) notDeployed.push(name);
    else {
      checked.push(name);
      drifts.push(...found);
    }
  }
  return { drifts, checked, notDeployed };
}

async function detect(
  client: CloudFormationClient,
  { name, pollMs, timeoutMs }: { readonly name: string; readonly pollMs: number; readonly timeoutMs: number },
): Promise<readonly Drift[] | undefined> {
  const id = await client.send(new DetectStackDriftCommand({ StackName: name })).then(
    ({ StackDriftDetectionId }) => StackDriftDetectionId,
    (cause: unknown) => {
      if (
        cause instanceof CloudFormationServiceException &&
        cause.name === 'ValidationError' &&
        /does not exist/.test(cause.message)
      )
        return undefined;
      throw failed(name, cause instanceof Error ? cause.message : String(cause), cause);
    },
  );
  if (id === undefined) return undefined;
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    const { DetectionStatus, DetectionStatusReason } = await client.send(
      new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId: id }),
    );
    if (DetectionStatus === 'DETECTION_COMPLETE') break;
    if (DetectionStatus === 'DETECTION_FAILED')
      throw failed(name, DetectionStatusReason ?? 'it gives no reason');
    if (waitedMs >= timeoutMs) throw failed(name, `no end after ${Math.round(timeoutMs / 1000)} s`);
    await sleep(pollMs);
  }
  const found: Drift[] = [];
  let next: string | undefined;
  do {
    const { StackResourceDrifts = [], NextToken } = await client.send(
      new DescribeStackResourceDriftsCommand({
        StackName: name,
        StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED'],
        ...(next !== undefined && { NextToken: next }),
      }),
    );
    for (const drift of StackResourceDrifts)
      found.push({
        stack: name,
        logicalId: drift.LogicalResourceId ?? '',
        type: drift.ResourceType ?? '',
        kind: drift.StackResourceDriftStatus === 'DELETED' ? 'DELETED' : 'MODIFIED',
        properties: (drift.PropertyDifferences ?? []).map(({ PropertyPath }) => PropertyPath ?? ''),
      });
    next = NextToken;
  } while (next !== undefined);
  return found;
}

const failed = (name: string, why: string, cause?: unknown): PolystoreError =>
  new PolystoreError(
    'not_running',
    `CloudFormation does not compare ${name} with what is there: ${why}. It takes cloudformation:DetectStackDrift, Describe* and the right to read every resource of the stack.`,
    cause === undefined ? {} : { cause },
  );
