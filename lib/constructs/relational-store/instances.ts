import type * as rds from 'aws-cdk-lib/aws-rds';
import { type Workload, workloads } from '../../../lambda/model/index.ts';
import { memoryGibWithin } from './capacity.ts';
import { connectionsOf } from './connections.ts';
import type { ResolvedStoreProps } from './relational-store-props.ts';
import { instanceOf, readerIdsOf } from './workload-readers.ts';

/** An instance of the cluster that is made with it; those that scaling adds are not known. */
export interface ClusterMember {
  readonly identifier: string;
  /** `db-…`: what Performance Insights calls it. */
  readonly resourceId: string;
  /** Of a serverless one that of its most capacity. Undefined for a class that our table has not. */
  readonly memoryGib: number | undefined;
  /** `max_connections`; undefined where its parameters say none and its memory is not known. */
  readonly connections: number | undefined;
  /** Whether somebody has written its `maxConnections` down. */
  readonly isBounded: boolean;
  /** Whose reads alone it serves; undefined for the writer and for shared readers. */
  readonly workload: Workload | undefined;
}

/** The writer first, then the readers. */
export function instancesOf(
  cluster: rds.DatabaseCluster,
  props: Pick<
    ResolvedStoreProps,
    'writerClass' | 'minimumAcu' | 'maximumAcu' | 'readers' | 'workloadReaders'
  >,
): readonly ClusterMember[] {
  const describe = (
    id: string,
    instanceClass: string,
    maxConnections: number | undefined,
    workload?: Workload,
  ): ClusterMember => {
    const resource = instanceOf(cluster, id);
    const memoryGib = memoryGibWithin(instanceClass, props);
    return {
      identifier: resource.ref,
      resourceId: resource.attrDbiResourceId,
      memoryGib,
      connections: maxConnections ?? connectionsOf(instanceClass, props),
      isBounded: maxConnections !== undefined,
      workload,
    };
  };
  return [
    ...['Writer', ...Array.from({ length: props.readers }, (_, index) => `Reader${index + 1}`)].map((id) =>
      describe(id, props.writerClass, undefined),
    ),
    ...workloads.flatMap((workload) =>
      props.workloadReaders
        .filter((each) => each.workload === workload)
        .flatMap((of) =>
          readerIdsOf(of).map((id) => describe(id, of.instanceClass, of.maxConnections, workload)),
        ),
    ),
  ];
}
