import type { Problems } from '../../../lambda/model/problems.ts';

/** Unless props say otherwise. */
export const defaultMaximumTasks = 10;

/** How much of it there is, and under which name. */
export interface RouterServiceSize {
  /** Of ACM, in the service's region, for the name under which callers reach it. */
  readonly certificateArn: string;
  /** @default 1 */
  readonly vcpus?: 0.5 | 1 | 2 | 4;
  /** @default - two for each vCPU */
  readonly memoryGib?: number;
  /** Two at least, so that a zone may fail. @default 2 */
  readonly minimumTasks?: number;
  /** @default 10 */
  readonly maximumTasks?: number;
}

/** GiB that Fargate has for each number of vCPUs (docs.aws.amazon.com/AmazonECS, Fargate task sizes). */
const memoryOf: Readonly<Record<number, readonly [least: number, most: number]>> = {
  0.5: [1, 4],
  1: [2, 8],
  2: [4, 16],
  4: [8, 30],
};

export function checkRouterService(props: RouterServiceSize, problems: Problems): void {
  const { minimumTasks = 2, maximumTasks = defaultMaximumTasks, vcpus = 1, memoryGib = 2 * vcpus } = props;
  const [least, most] = memoryOf[vcpus] ?? [0, 0];
  if (!/^arn:[\w-]+:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/.test(props.certificateArn))
    problems.add(
      'certificateArn',
      `is '${props.certificateArn}'`,
      'use the ARN of a certificate of ACM in the region of the service',
    );
  if (!Number.isInteger(minimumTasks) || minimumTasks < 2)
    problems.add('minimumTasks', `is ${minimumTasks}`, 'use 2 or more, so that a zone may fail');
  if (!Number.isInteger(maximumTasks) || maximumTasks < minimumTasks)
    problems.add('maximumTasks', `is ${maximumTasks}`, `use at least minimumTasks, ${minimumTasks}`);
  if (!Number.isInteger(memoryGib) || memoryGib < least || memoryGib > most)
    problems.add('memoryGib', `is ${memoryGib} for ${vcpus} vCPU`, `use ${least} to ${most}`);
}
