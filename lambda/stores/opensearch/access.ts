import type { Client } from '@opensearch-project/opensearch';
import { type SearchAccess, type SearchGrant, searchAccesses } from '../../model/index.ts';
import { createClient, type OpensearchConnection } from './connection.ts';
import { isMissing, opensearchError } from './errors.ts';

/** A role of OpenSearch's own security, as its API takes it and gives it back. */
interface SecurityRole {
  readonly cluster_permissions: readonly string[];
  readonly index_permissions: readonly {
    readonly index_patterns: readonly string[];
    readonly allowed_actions: readonly string[];
  }[];
}

/** Rights by action: those on the cluster, those on every index of the model, and those on a part of them. */
interface Rights {
  readonly cluster: readonly string[];
  readonly indices: readonly string[];
  /** On the builds of views and the days of logs, which have something behind a `-`. */
  readonly parts?: readonly string[];
}

const reads: Rights = {
  cluster: ['cluster:monitor/health', 'indices:data/read/mget'],
  indices: [
    'indices:data/read/get',
    'indices:data/read/mget*',
    'indices:data/read/search',
    'indices:data/read/point_in_time/create',
    'indices:data/read/point_in_time/delete',
  ],
};

const writes: Rights = {
  cluster: [...reads.cluster, 'indices:data/write/bulk', 'indices:admin/index_template/get'],
  indices: [
    ...reads.indices,
    'indices:data/write/bulk*',
    'indices:data/write/index',
    'indices:data/write/update',
    'indices:data/write/delete',
    'indices:admin/refresh*',
    'indices:admin/aliases/get',
  ],
  // The days of a log are made by its template with the first event, and dropped whole.
  parts: ['indices:admin/create', 'indices:admin/mapping/auto_put', 'indices:admin/delete'],
};

const rightsOf: { readonly [A in SearchAccess]: Rights } = {
  reads,
  writes,
  tends: {
    cluster: [...writes.cluster, 'indices:admin/index_template/put'],
    // Builds of a view are given aliases and switched to by the view's.
    indices: [...writes.indices, 'indices:admin/aliases'],
    parts: writes.parts ?? [],
  },
  makes: {
    cluster: [
      'cluster:monitor/health',
      'indices:admin/index_template/get',
      'indices:admin/index_template/put',
      // What is known of the builds of views.
      'indices:data/read/mget',
    ],
    indices: [
      'indices:admin/get',
      'indices:admin/create',
      'indices:admin/aliases',
      'indices:admin/aliases/get',
      'indices:admin/mapping/put',
      'indices:admin/settings/update',
      'indices:data/read/mget*',
      'indices:data/read/get',
    ],
  },
};

/** What OpenSearch calls the role. */
const securityRoleName = (model: string, access: SearchAccess): string => `polystore_${model}_${access}`;

/** The least that a function with such access needs; of this model alone. */
function renderSecurityRole(model: string, access: SearchAccess): SecurityRole {
  const { cluster, indices, parts = [] } = rightsOf[access];
  return {
    cluster_permissions: cluster,
    index_permissions: [
      { index_patterns: [`${model}.*`], allowed_actions: indices },
      ...(parts.length === 0 ? [] : [{ index_patterns: [`${model}.*-*`], allowed_actions: parts }]),
    ],
  };
}

/**
 * Makes the roles of a model in OpenSearch's own security and maps the functions' roles of IAM to them, as backend
 * roles. Brings back what somebody else has changed; harmless to repeat. Returns what it did, one sentence each.
 *
 * @param options.connection of the role that manages access: nobody else may ask this
 */
export async function ensureAccess(options: {
  readonly model: string;
  readonly connection: OpensearchConnection;
  readonly grants: readonly SearchGrant[];
}): Promise<readonly string[]> {
  const { model, connection, grants } = options;
  const client = createClient(connection);
  try {
    const done: string[] = [];
    for (const access of searchAccesses) {
      const name = securityRoleName(model, access);
      const role = renderSecurityRole(model, access);
      if (!isSame(role, await heldRole(client, name))) {
        await client.security.createRole({ role: name, body: asBody(role) });
        done.push(`put the role ${name}`);
      }
      const mapping = {
        backend_roles: grants
          .filter((grant) => grant.access === access)
          .map(({ roleArn }) => roleArn)
          .sort(),
      };
      const held = await heldMapping(client, name);
      if (isSame(mapping, held)) continue;
      await client.security.createRoleMapping({ role: name, body: { ...mapping, hosts: [], users: [] } });
      done.push(`mapped ${mapping.backend_roles.length} role(s) of IAM to ${name}`);
    }
    return done;
  } catch (error) {
    throw opensearchError(error);
  } finally {
    await client.close();
  }
}

/** Lists that may be written to, as the client's types have them. */
const asBody = (role: SecurityRole) => ({
  cluster_permissions: [...role.cluster_permissions],
  index_permissions: role.index_permissions.map(({ index_patterns, allowed_actions }) => ({
    index_patterns: [...index_patterns],
    allowed_actions: [...allowed_actions],
  })),
});

/** What is held, of that which we say; the API adds what it does not need. */
async function heldRole(client: Client, name: string): Promise<SecurityRole | undefined> {
  const found = await held(() => client.security.getRole({ role: name }), name);
  return (
    found && {
      cluster_permissions: texts(found.cluster_permissions),
      index_permissions: list(found.index_permissions).map((each) => ({
        index_patterns: texts(each.index_patterns),
        allowed_actions: texts(each.allowed_actions),
      })),
    }
  );
}

async function heldMapping(
  client: Client,
  name: string,
): Promise<{ readonly backend_roles: readonly string[] } | undefined> {
  const found = await held(() => client.security.getRoleMapping({ role: name }), name);
  // Others whom somebody has let in make it another mapping.
  const others = found && [...texts(found.users), ...texts(found.hosts), ...texts(found.and_backend_roles)];
  return found && others?.length === 0
    ? { backend_roles: [...texts(found.backend_roles)].sort() }
    : undefined;
}

type Members = Readonly<Record<string, unknown>>;

async function held(
  ask: () => Promise<{ readonly body: unknown }>,
  name: string,
): Promise<Members | undefined> {
  try {
    const { body } = await ask();
    // By names, as the API answers; a stranger's answer has none of ours.
    return (body as Readonly<Record<string, Members>>)[name];
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const list = (value: unknown): readonly Members[] => (Array.isArray(value) ? value : []);
const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
const isSame = (wanted: object, found: object | undefined): boolean =>
  JSON.stringify(wanted) === JSON.stringify(found);
