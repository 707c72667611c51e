import { createGbnfOracle } from '../../packages/grammar/src/testing/gbnf-oracle.ts';
import { GRAMMARS } from './grammars.ts';
import { createJsonJudge } from './json-judge.ts';
import { SCHEMAS } from './schemas.ts';

/** A response_format, and a judge of answers that shares nothing with what made them. */
export interface JudgedFormat {
  readonly id: string;
  readonly responseFormat: object;
  isValid(text: string): boolean;
}

/** All schemas, judged by ajv, and all grammars, judged by a matcher of their own. */
export function listFormats(): JudgedFormat[] {
  const ofSchemas = SCHEMAS.map((schema, index) => ({
    id: `schema ${index}`,
    responseFormat: { type: 'json_object', schema },
    isValid: createJsonJudge(schema),
  }));
  const ofGrammars = GRAMMARS.map((grammar, index) => ({
    id: `grammar ${index}`,
    responseFormat: { type: 'grammar', grammar },
    isValid: createGbnfOracle(grammar),
  }));
  return [...ofSchemas, ...ofGrammars];
}
