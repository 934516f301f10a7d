import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  type Catalog,
  type FunctionSpec,
  type SearchAccess,
  searchAccessOf,
} from '../../../lambda/model/index.ts';
import type { SearchStore } from '../search-store/index.ts';

/** Methods of HTTP that a role may use, by the path of the request, in which `*` is anything. */
export type Paths = Readonly<Record<string, readonly ('Get' | 'Head' | 'Post' | 'Put' | 'Delete')[]>>;

/**
 * Rights on the search domain, by method and path. A path says nothing of the indices that a bulk, a snapshot or a
 * look-up of many names in its body: for that there is fine-grained access, which the schema function sets up
 * (`lambda/stores/opensearch/access.ts`) and which is asked besides these.
 */
export function searchStatements(
  spec: FunctionSpec,
  catalog: Catalog,
  store: SearchStore,
): readonly PolicyStatement[] {
  const paths = searchPaths(searchAccessOf(spec), catalog.name);
  return Object.entries(paths).map(
    ([path, methods]) =>
      new PolicyStatement({
        actions: methods.map((method) => `es:ESHttp${method}`),
        resources: [`${store.domainArn}/${path}`],
      }),
  );
}

/** What a function's client of OpenSearch asks for; a test holds its requests against this. */
export function searchPaths(access: SearchAccess, model: string): Paths {
  // Every index and alias of the model begins so.
  const indices = `${model}.*`;
  const reads: Paths = {
    [`${indices}/_search*`]: ['Get', 'Post'],
    _search: ['Get', 'Post'],
    '_search/point_in_time': ['Delete'],
    _mget: ['Get', 'Post'],
    '_cluster/health': ['Get'],
  };
  switch (access) {
    case 'makes':
      return {
        [indices]: ['Get', 'Head', 'Put'],
        [`${indices}/_mapping`]: ['Post'],
        // The client puts mappings and templates by POST.
        [`_index_template/${indices}`]: ['Get', 'Head', 'Post', 'Put'],
        [`_alias/${indices}`]: ['Get', 'Head'],
        // What is known of the builds of views.
        _mget: ['Get', 'Post'],
        '_cluster/health': ['Get'],
      };
    case 'tends':
      return {
        ...searchPaths('writes', model),
        // Builds of a view are indices of their own: made, given an alias, switched to by the view's, and dropped.
        [indices]: ['Put', 'Delete'],
        [`_index_template/${indices}`]: ['Get', 'Head', 'Post', 'Put'],
        [`${indices}/_alias*`]: ['Get', 'Head', 'Post', 'Put'],
        // Aliases of several indices are moved by a request whose path names none.
        _aliases: ['Post'],
      };
    case 'writes':
      return {
        ...reads,
        _bulk: ['Post', 'Put'],
        [`_index_template/${indices}`]: ['Get', 'Head'],
        [`${indices}/_alias`]: ['Get', 'Head'],
        // Progress is saved when searches see what was written.
        [`${indices}/_refresh`]: ['Get', 'Post'],
        // The days of a log are made by its template, and dropped whole.
        [`${indices}-*`]: ['Delete'],
      };
    case 'reads':
      return reads;
  }
}
