export { planRollup, type RollupPlan, type RollupRefusal } from './rollup.ts';
