export {
  captureClient,
  captureEdges,
  type Destination,
  type Edge,
  edgesOf,
  ports,
} from './edges.ts';
export { Network, type NetworkProps, type Server } from './network.ts';
export { compareWaysOut, type WaysOut, waysOutPrices } from './ways-out.ts';
