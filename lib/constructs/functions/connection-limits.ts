import { workloads } from '../../../lambda/model/index.ts';
import type { ClusterMember } from '../relational-store/index.ts';

/** What the instances behind an address of Aurora take together. */
export interface ConnectionLimit {
  /** As errors call it. */
  readonly of: string;
  /** Undefined where it is not known, or bounded by hand. */
  readonly most: number | undefined;
  readonly serves: { readonly writes: boolean; readonly reads: boolean };
}

/**
 * The addresses that functions ask, with what each takes. A workload with readers of its own has an address, all
 * others share one; where that has no reader it leads to the writer. Readers whose `maxConnections` somebody has
 * written down are bounded on purpose: what is over is refused, and the router asks another placement.
 */
export function connectionLimitsOf(members: readonly ClusterMember[]): readonly ConnectionLimit[] {
  const [writer, ...readers] = members;
  const behind = (workload: ClusterMember['workload']): readonly ClusterMember[] =>
    readers.filter((reader) => reader.workload === workload);
  const sharing = workloads.filter((workload) => behind(workload).length === 0);
  const shared = behind(undefined);
  return [
    {
      of: 'the writer',
      most: writer?.connections,
      serves: { writes: true, reads: sharing.length > 0 && shared.length === 0 },
    },
    ...(sharing.length > 0 && shared.length > 0 ? [limitOf('the shared readers', shared)] : []),
    ...workloads
      .filter((workload) => !sharing.includes(workload))
      .map((workload) => limitOf(`the readers for ${workload}`, behind(workload))),
  ];
}

function limitOf(of: string, members: readonly ClusterMember[]): ConnectionLimit {
  const known = members.flatMap(({ connections, isBounded }) =>
    connections === undefined || isBounded ? [] : [connections],
  );
  return {
    of,
    most: known.length < members.length ? undefined : known.reduce((sum, each) => sum + each, 0),
    serves: { writes: false, reads: true },
  };
}
