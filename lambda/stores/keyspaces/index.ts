export { applyKeyspacesSchema } from './apply-schema.ts';
export { createKeyspacesStore } from './client.ts';
export { planRollup } from './rollup.ts';
