import model from '../../model/flights.ts';
import { compile } from '../model/index.ts';

/** The model that this deployment serves, compiled once as a function starts. */
export const catalog = compile(model);
