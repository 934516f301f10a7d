export { applyKeyspacesSchema } from './apply-schema.ts';
export { createKeyspacesStore } from './client.ts';
