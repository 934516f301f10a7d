export {
  balancer,
  captureClient,
  captureEdges,
  connectionProxy,
  type Destination,
  type Edge,
  type EdgeOptions,
  edgesOf,
  ports,
  proxyEdges,
  routerEdges,
} from './edges.ts';
export { Network, type NetworkProps, type Server } from './network.ts';
export { compareWaysOut, type WaysOut, waysOutPrices } from './ways-out.ts';
