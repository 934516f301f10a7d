import type { Client, Types } from '@opensearch-project/opensearch';
import { alreadyExists } from './errors.ts';
import { asAliases, type MappedField, renderTemplate, type SearchSchema } from './schema.ts';

type IndexSchema = Extract<SearchSchema, { readonly kind: 'index' }>;
type LogSchema = Extract<SearchSchema, { readonly kind: 'log' }>;

/** Another run may have made it in between; the aliases are set by whoever comes first. */
export async function makeIndex(
  client: Client,
  { index, aliases, settings, mapping, meta }: IndexSchema,
): Promise<void> {
  try {
    await client.indices.create({
      index,
      body: { settings, mappings: typed({ ...mapping, _meta: meta }), aliases: asAliases(aliases) },
    });
  } catch (error) {
    if (!alreadyExists(error)) throw error;
    for (const name of aliases) await client.indices.putAlias({ index, name });
  }
}

/** Puts the template that a log's days are made by. */
export async function putTemplate(client: Client, schema: LogSchema): Promise<void> {
  const template = renderTemplate(schema);
  const { settings, mappings, aliases } = template.template;
  await client.indices.putIndexTemplate({
    name: schema.template,
    body: {
      ...template,
      index_patterns: [...template.index_patterns],
      template: { settings, aliases, mappings: typed(mappings) },
    },
  });
}

/** The client's types say of each kind of field by itself what it may have; ours says it of all, and is written by schema.ts alone. */
export const typed = <M extends { readonly properties: Readonly<Record<string, MappedField>> }>(
  mapping: M,
): Omit<M, 'properties'> & { properties: Record<string, Types.Common_Mapping.Property> } =>
  mapping as Omit<M, 'properties'> & { properties: Record<string, Types.Common_Mapping.Property> };
