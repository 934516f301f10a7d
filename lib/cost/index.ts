export { costOf } from './cost.ts';
export { free, paidByUse } from './free.ts';
export { priceList, prices } from './prices.ts';
export { renderCost, renderCostDifference } from './render.ts';
export { rules } from './rules.ts';
