import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  type Catalog,
  environmentNames,
  type FunctionName,
  type FunctionSpec,
  functionsOf,
  renderSearchGrants,
  type SearchGrant,
  searchAccessOf,
} from '../../../lambda/model/index.ts';
import type { SearchStore } from '../search-store/index.ts';

/** With fine-grained access the schema function, as the role that manages it, lets the functions in. */
const manages = ({ trigger, backends }: FunctionSpec): boolean =>
  trigger.kind === 'deployment' && backends.includes('opensearch');

/** Who manages access in the search domain, and which role gets which, for the function that sees to it. */
export function searchManagerVariables(
  spec: FunctionSpec,
  options: {
    readonly catalog: Catalog;
    readonly store: SearchStore | undefined;
    readonly roleArnOf: (name: FunctionName) => string;
    /** Roles of no function that read views. */
    readonly readers: readonly IRole[];
  },
): Readonly<Record<string, string>> {
  const manager = options.store?.accessManager;
  if (manager === undefined || !manages(spec)) return {};
  const ofFunctions = functionsOf(options.catalog)
    .filter(({ backends }) => backends.includes('opensearch'))
    .map((each) => ({ access: searchAccessOf(each), roleArn: options.roleArnOf(each.name) }));
  const ofReaders = options.readers.map(({ roleArn }): SearchGrant => ({ access: 'reads', roleArn }));
  return {
    [environmentNames.opensearchManager]: manager.roleArn,
    [environmentNames.opensearchGrants]: renderSearchGrants([...ofFunctions, ...ofReaders]),
  };
}

export function searchManagerStatements(spec: FunctionSpec, store: SearchStore): readonly PolicyStatement[] {
  return store.accessManager === undefined || !manages(spec)
    ? []
    : [new PolicyStatement({ actions: ['sts:AssumeRole'], resources: [store.accessManager.roleArn] })];
}
